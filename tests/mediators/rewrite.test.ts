import { expect, test } from 'vitest'
import { findings, json, type MediateOptions, mediate, soap } from '../support/mediate.ts'

/** Rewrites an address in a property. */
async function rewritten(rules: string, address: string, options: MediateOptions = {}): Promise<unknown> {
  const ctx = await mediate(
    `<property name="in" value="${address}"/><rewrite inProperty="in" outProperty="out">${rules}</rewrite>`,
    undefined,
    options,
  )
  return ctx.properties.get('out')
}

const rule = (actions: string, condition = ''): string =>
  `<rewriterule>${condition && `<condition>${condition}</condition>`}${actions}</rewriterule>`

const ADDRESS = 'http://ann@old.example:8080/soap/orders?a=1#top'

test.each([
  ['<action value="https://b.example/x"/>', 'https://b.example/x'],
  ['<action value="https" fragment="protocol"/>', 'https://ann@old.example:8080/soap/orders?a=1#top'],
  ['<action value="bob" fragment="user"/>', 'http://bob@old.example:8080/soap/orders?a=1#top'],
  ['<action value="new.example" fragment="host"/>', 'http://ann@new.example:8080/soap/orders?a=1#top'],
  ['<action value="9000" fragment="port"/>', 'http://ann@old.example:9000/soap/orders?a=1#top'],
  ['<action value="/x" fragment="path"/>', 'http://ann@old.example:8080/x?a=1#top'],
  ['<action value="b=2" fragment="query"/>', 'http://ann@old.example:8080/soap/orders?b=2#top'],
  ['<action value="end" fragment="ref"/>', 'http://ann@old.example:8080/soap/orders?a=1#end'],
])('%s sets one part', async (actions, expected) => {
  expect(await rewritten(rule(actions), ADDRESS)).toBe(expected)
})

test.each([
  ['<action type="append" value="/7" fragment="path"/>', 'http://a.example/soap/7?a=1&b=2'],
  ['<action type="prepend" value="/v1" fragment="path"/>', 'http://a.example/v1/soap?a=1&b=2'],
  ['<action type="replace" regex="o|a" value="0" fragment="path"/>', 'http://a.example/s00p?a=1&b=2'],
  [
    '<action type="replace" regex="/(s)(oap)" value="/$2$1" fragment="path"/>',
    'http://a.example/oaps?a=1&b=2',
  ],
  ['<action type="replace" regex="soap" value="\\$1" fragment="path"/>', 'http://a.example/$1?a=1&b=2'],
  ['<action type="remove" fragment="query"/>', 'http://a.example/soap'],
  ['<action type="remove-query-param" value="a" fragment="query"/>', 'http://a.example/soap?b=2'],
  ['<action type="replace" regex="http:" value="https:"/>', 'https://a.example/soap?a=1&amp;b=2'],
])('%s changes a part', async (actions, expected) => {
  expect(await rewritten(rule(actions), 'http://a.example/soap?a=1&amp;b=2')).toBe(
    expected.replace('&amp;', '&'),
  )
})

test('a port that was removed can be appended again', async () => {
  const remove = rule('<action type="remove" fragment="port"/>')
  expect(await rewritten(remove, 'http://a.example:9007/x')).toBe('http://a.example/x')
  const append = rule('<action type="append" value="9000" fragment="port"/>')
  expect(await rewritten(remove + append, 'http://a.example:9007/x')).toBe('http://a.example:9000/x')
})

test('a path alone becomes a whole address part by part', async () => {
  const actions = `<action value="http" fragment="protocol"/><action value="b.example" fragment="host"/>
    <action value="81" fragment="port"/>`
  expect(await rewritten(rule(actions), '/orders?a=1')).toBe('http://b.example:81/orders?a=1')
})

test('a value can come from an expression', async () => {
  const ctx = await mediate(
    `<property name="in" value="http://a/x"/><rewrite inProperty="in" outProperty="out">
      <rewriterule><action xpath="//where" fragment="host"/></rewriterule></rewrite>`,
    soap('<where>b.example</where>'),
  )
  expect(ctx.properties.get('out')).toBe('http://b.example/x')
})

test('names in braces are properties; unknown ones stay', async () => {
  const ctx = await mediate(
    `<property name="id" value="7"/><rewrite outProperty="out">
      <rewriterule><action value="http://a/{id}/{nowhere}"/></rewriterule></rewrite>`,
  )
  expect(ctx.properties.get('out')).toBe('http://a/7/{nowhere}')
})

test('without properties it is about the address the message is for', async () => {
  const ctx = await mediate(
    `<rewrite><rewriterule><action value="b.example" fragment="host"/></rewriterule></rewrite>`,
    json({}),
    { request: { target: '/services/test?a=1' } },
  )
  expect(ctx.addressing.to).toBe('//b.example/services/test?a=1')
})

test('the To of a WS-Addressing header counts', async () => {
  const to =
    '<wsa:To xmlns:wsa="http://www.w3.org/2005/08/addressing">http://localhost:9000/soap/Quote</wsa:To>'
  const ctx = await mediate(
    `<property name="path.value" value="services"/><rewrite>
      ${rule('<action value="none" fragment="path"/>', '<equal type="url" source="protocol" value="https"/>')}
      ${rule(
        '<action xpath="get-property(\'path.value\')" regex="soap" type="replace" fragment="path"/>',
        '<equal type="url" source="protocol" value="HTTP"/>',
      )}</rewrite>`,
    soap('<a/>', to),
  )
  expect(ctx.addressing.to).toBe('http://localhost:9000/services/Quote')
})

test('a rule sees what the rules before it made of the address', async () => {
  const first = rule('<action value="https" fragment="protocol"/>')
  const second = rule(
    '<action value="443" fragment="port"/>',
    '<equal type="url" source="protocol" value="https"/>',
  )
  expect(await rewritten(first + second, 'http://a.example/x')).toBe('https://a.example:443/x')
})

test.each([
  ['<match source="X-Kind" regex="bar.*"/>', true],
  ['<match source="X-Kind" regex="bar"/>', false],
  ['<equal type="header" source="X-Kind" value="BARREL"/>', true],
  ['<equal source="X-None" value=""/>', false],
  ['<equal type="param" source="q" value="two words"/>', true],
  ['<match type="param" source="none" regex=".*"/>', false],
  ['<match type="url" regex="http://a\\.example.*"/>', true],
  ['<equal type="url" source="port" value="81"/>', true],
  ['<equal type="url" source="user" value="ann"/>', false],
  ['<equal type="property" source="lane" value="Fast"/>', true],
  ['<match type="soap" source="//order/@id" regex="\\d+"/>', true],
  [
    '<and><equal source="X-Kind" value="barrel"/><equal type="property" source="lane" value="slow"/></and>',
    false,
  ],
  ['<or><equal source="X-Kind" value="x"/><equal type="property" source="lane" value="fast"/></or>', true],
  ['<or><equal source="X-Kind" value="x"/><equal source="X-Kind" value="y"/></or>', false],
  ['<not><equal source="X-Kind" value="x"/></not>', true],
  [
    '<not xmlns=""><and><equal source="X-Kind" value="barrel"/><not><equal source="X" value="x"/></not></and></not>',
    false,
  ],
])('condition %s: %s', async (condition, applies) => {
  const ctx = await mediate(
    `<property name="lane" value="fast"/><property name="in" value="http://a.example:81/x?q=two+words"/>
     <property name="X-Kind" scope="transport" value="barrel"/>
     <rewrite inProperty="in" outProperty="out">${rule('<action value="yes"/>', condition)}</rewrite>`,
    soap('<order id="7"/>'),
  )
  expect(ctx.properties.get('out') === 'yes').toBe(applies)
})

test.each([
  [rule(''), 'missing: <rewriterule> needs at least one <action>.'],
  [rule('<action/>'), 'missing: <action> needs a value or an xpath.'],
  [rule('<action type="replace" value="a"/>'), 'missing: <action> of type replace needs regex.'],
  [
    rule('<action type="remove-query-param" value="a"/>'),
    'missing: <action> of type remove-query-param needs fragment="query".',
  ],
  [
    rule('<action type="move" value="a"/>'),
    'bad-value: attribute type is "move"; expected one of set, append, prepend, replace, remove, remove-query-param.',
  ],
  [
    rule('<action value="a" type="replace" regex="("/>'),
    'bad-value: attribute regex is "("; expected a regular expression (Unterminated group).',
  ],
  [
    rule('<action value="a"/>', '<and><equal source="a" value="b"/></and>'),
    'missing: <and> needs two conditions in it.',
  ],
  [rule('<action value="a"/>', '<description/>'), 'missing: <condition> needs a condition in it.'],
  [
    rule('<action value="a"/>', '<equal source="a" value="b"/><equal source="a" value="b"/>'),
    'repeated-element: <condition> takes one condition.',
  ],
  [rule('<action value="a"/>', '<equal value="b"/>'), 'missing: <equal> needs attribute source.'],
  [rule('<action value="a"/>', '<match source="b"/>'), 'missing: <match> needs attribute regex.'],
  [
    rule('<action value="a"/>', '<equal type="url" source="schema" value="b"/>'),
    'bad-value: attribute source is "schema"; expected one of protocol, user, host, port, path, query, ref.',
  ],
  [
    rule('<action value="a"/>', '<equel source="a" value="b"/>'),
    'unknown-element: <condition> takes no <equel>; it has no effect. Did you mean equal?',
  ],
])('%s is a finding', (rules, finding) => {
  expect(findings(`<rewrite>${rules}</rewrite>`)).toContain(finding)
})
