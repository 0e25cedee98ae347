import { describe, expect, test } from 'vitest'
import { compileFreeMarker } from '../../src/expressions/free-marker.ts'
import { Nodes } from '../../src/expressions/free-marker-values.ts'
import { parseXml } from '../../src/message/xml/parse.ts'

const payload = {
  name: 'Ann Lee',
  age: 34,
  price: 1234.5678,
  big: 1234567,
  ok: true,
  no: false,
  nothing: null,
  empty: '',
  tags: ['a', 'b', 'c'],
  none: [],
  lines: [
    { sku: 'x1', qty: 2, price: 10 },
    { sku: 'y2', qty: 1, price: 7.5 },
  ],
  address: { city: 'Köln', zip: '50667' },
}

function rendered(template: string, model: Record<string, unknown> = { payload }): string {
  return compileFreeMarker(template).render(name => model[name])
}

describe('outputs', () => {
  test.each([
    ['Hello ${payload.name}!', 'Hello Ann Lee!'],
    ['${payload["name"]}', 'Ann Lee'],
    ['${payload.address.city}', 'Köln'],
    ['${payload.lines[1].sku}', 'y2'],
    ['${payload.age}', '34'],
    ['${payload.big}', '1,234,567'],
    ['${payload.big?c}', '1234567'],
    ['${payload.price}', '1,234.568'],
    ['${payload.price?c}', '1234.5678'],
    ['${payload.ok}', 'true'],
    ['${"a" + 1 + true?c}', 'a1true'],
    ['${1 + 2 * 3}', '7'],
    ['${(1 + 2) * 3}', '9'],
    ['${7 % 3} ${10 / 4} ${-3 + 1}', '1 2.5 -2'],
    ['${[1, 2][1]} ${{"a": 1}.a}', '2 1'],
    ['${"a\\"b\\n"}|${r"\\n"}', 'a"b\n|\\n'],
    ['$ {x} #{y} <b>', '$ {x} #{y} <b>'],
    ['a<#-- ${nothing} -->b', 'ab'],
    ['<#noparse>${a} <#if></#noparse>', '${a} <#if>'],
  ])('%s', (template, expected) => {
    expect(rendered(template)).toBe(expected)
  })
})

describe('conditions and operators', () => {
  test.each([
    ['payload.age > 30', false, true],
    ['payload.age gt 30', true, true],
    ['payload.age gte 34 && payload.age lte 34', true, true],
    ['payload.age < 34', true, false],
    ['payload.age == 34 && payload.name == "Ann Lee"', true, true],
    ['payload.name != "Bob"', true, true],
    ['!payload.no || payload.no', true, true],
    ['payload.ok && !(payload.no)', true, true],
    ['payload.missing??', true, false],
    ['payload.nothing??', true, false],
    ['(payload.missing.deeper)??', true, false],
    ['payload.name??', true, true],
    ['payload.tags?has_content', true, true],
    ['payload.none?has_content', true, false],
    ['payload.empty?has_content', true, false],
    ['payload.tags?seq_contains("b")', true, true],
    ['(payload.age > 30)', true, true],
  ])('%s', (condition, isTag, expected) => {
    if (isTag) expect(rendered(`<#if ${condition}>y<#else>n</#if>`)).toBe(expected ? 'y' : 'n')
    expect(rendered(`\${(${condition})?string("y", "n")}`)).toBe(expected ? 'y' : 'n')
  })

  test('the first condition that holds counts', () => {
    const template = '<#if x == 1>one<#elseif x == 2>two<#else>more</#if>'
    expect([1, 2, 3].map(x => rendered(template, { x }))).toEqual(['one', 'two', 'more'])
  })

  test.each([
    ['${payload.missing!}|', '|'],
    ['${payload.missing!"none"}', 'none'],
    ['${payload.missing!payload.name}', 'Ann Lee'],
    ['${(payload.a.b.c)!"none"}', 'none'],
    ['${payload.missing?default("x")}', 'x'],
    ['${(payload.missing!"a") + "b"}', 'ab'],
  ])('%s has a default', (template, expected) => {
    expect(rendered(template)).toBe(expected)
  })
})

describe('built-ins', () => {
  test.each([
    ['"abc"?upper_case', 'ABC'],
    ['"ABC"?lower_case', 'abc'],
    ['" a "?trim', 'a'],
    ['"abc"?length', '3'],
    ['"abc"?cap_first', 'Abc'],
    ['"ann lee"?capitalize', 'Ann Lee'],
    ['"a,b"?split(",")?join("-")', 'a-b'],
    ['"a1b2"?split("\\\\d", "r")?size', '3'],
    ['"a.b.c"?replace(".", "")', 'abc'],
    ['"a1b2"?replace("[0-9]", "#", "r")', 'a#b#'],
    ['"abc"?contains("b")?c', 'true'],
    ['"abc"?starts_with("ab")?then("y", "n")', 'y'],
    ['"abc"?ends_with("x")?string("y", "n")', 'n'],
    ['"abcdef"?substring(2, 4)', 'cd'],
    ['"abcdef"[2..3]', 'cd'],
    ['"abcdef"[2..]', 'cdef'],
    ['"abc"?index_of("c")', '2'],
    ['"7"?left_pad(3, "0")', '007'],
    ['"12.50"?number + 1', '13.5'],
    ['"<a b=\\"c\\">"?html', '&lt;a b=&quot;c&quot;&gt;'],
    ['"it\'s <b>"?xml', 'it&apos;s &lt;b&gt;'],
    ['"a\\"b\\nc"?json_string', 'a\\"b\\nc'],
    ['"a b"?url', 'a%20b'],
    ['3.5?round', '4'],
    ['3.5?floor', '3'],
    ['3.2?ceiling', '4'],
    ['1234.5?string("0.00")', '1234.50'],
    ['1234.5?string["#,##0.000"]', '1,234.500'],
    ['0.125?string("0.##")', '0.12'],
    ['0.5?string.percent', '50%'],
    ['payload.tags?first + payload.tags?last', 'ac'],
    ['payload.tags?size', '3'],
    ['payload.tags?reverse?join("")', 'cba'],
    ['payload.tags?join(", ")', 'a, b, c'],
    ['payload.none?join(", ", "none")', 'none'],
    ['payload.address?keys?join(",")', 'city,zip'],
    ['payload.address?values?join(",")', 'Köln,50667'],
    ['payload.lines?map(l -> l.sku)?join(",")', 'x1,y2'],
    ['payload.lines?filter(l -> (l.qty > 1))?size', '1'],
    ['payload.lines?sort_by("price")?first.sku', 'y2'],
    ['[3, 1, 2]?sort?join("")', '123'],
    ['[3, 1, 2]?max', '3'],
    ['(1..3)?join("")', '123'],
    ['(3..1)?join("")', '321'],
    ['(1..<3)?join("")', '12'],
    ['"x"?is_string?c + 1?is_number?c + []?is_sequence?c + {}?is_hash?c', 'truetruetruetrue'],
    ['"2024-03-05"?date("yyyy-MM-dd")?string("dd.MM.yyyy")', '05.03.2024'],
    ['\'{"a": [1]}\'?eval_json.a[0]', '1'],
    ['payload.ok?then("yes", payload.missing.deeper)', 'yes'],
  ])('%s', (expression, expected) => {
    expect(rendered(`\${${expression}}`)).toBe(expected)
  })
})

describe('lists', () => {
  test.each([
    ['<#list payload.tags as t>${t}</#list>', 'abc'],
    ['<#list payload.tags as t>${t}<#sep>, </#list>', 'a, b, c'],
    ['<#list payload.tags as t>${t}<#sep>, </#sep></#list>', 'a, b, c'],
    ['<#list payload.tags as t>${t}<#if t_has_next>,</#if></#list>', 'a,b,c'],
    [
      '<#list payload.tags as t>${t_index}${t?index}${t?counter}${t?is_last?c} </#list>',
      '001false 112false 223true ',
    ],
    ['<#list payload.none as t>x<#else>nobody</#list>', 'nobody'],
    ['<#list payload.tags>[<#items as t>${t}<#sep>|</#items>]<#else>none</#list>', '[a|b|c]'],
    ['<#list payload.none>[<#items as t>${t}</#items>]<#else>none</#list>', 'none'],
    ['<#list payload.address?keys as k>${k}=${payload.address[k]};</#list>', 'city=Köln;zip=50667;'],
    ['<#list payload.address as k, v>${k}=${v}<#sep>;</#list>', 'city=Köln;zip=50667'],
    ['<#list 1..5 as i><#if i == 2><#continue></#if><#if i == 4><#break></#if>${i}</#list>', '13'],
    [
      '<#list payload.lines as l><#list payload.tags as t>${l.sku}${t}${l?index}</#list></#list>',
      'x1a0x1b0x1c0y2a1y2b1y2c1',
    ],
  ])('%s', (template, expected) => {
    expect(rendered(template)).toBe(expected)
  })
})

describe('other directives', () => {
  test.each([
    ['<#assign x = 1>${x}<#assign x = x + 1>${x}', '12'],
    ['<#assign a=1 b="z">${a}${b}', '1z'],
    ['<#assign x>a${1 + 1}</#assign>${x}', 'a2'],
    ['<#assign sum = 0><#list payload.lines as l><#assign sum += l.qty * l.price></#list>${sum}', '27.5'],
    ['<#switch payload.age><#case 33>x<#break><#case 34>y<#break><#default>z</#switch>', 'y'],
    ['<#switch payload.age><#case 1>x<#break><#default>z</#switch>', 'z'],
    ['<#switch 1><#case 1>x<#case 2>y<#break><#case 3>z</#switch>', 'xy'],
    ['<#attempt>a${missing}<#recover>b</#attempt>', 'b'],
    ['<#setting number_format="computer">${payload.big}', '1234567'],
    ['<#setting number_format="0.00">${payload.age}', '34.00'],
    ['<#compress>\n  a   b\n\n  c  </#compress>', 'a b\nc'],
  ])('%s', (template, expected) => {
    expect(rendered(template)).toBe(expected)
  })

  test('lines that hold nothing but tags leave nothing behind', () => {
    const template =
      'begin\n<#if payload.ok>\n  yes\n</#if>\n  <#-- a comment -->\n<#list payload.tags as t>\n- ${t}\n</#list>\nend'
    expect(rendered(template)).toBe('begin\n  yes\n- a\n- b\n- c\nend')
  })
})

describe('XML', () => {
  const root = parseXml(
    '<order id="7" xmlns:p="urn:p"><p:line qty="2">tea</p:line><p:line qty="1">milk</p:line><note>now</note></order>',
  ).documentElement!
  const model = { order: new Nodes([root]) }

  test.each([
    ['${order.note}', 'now'],
    ['${order.@id}', '7'],
    ['${order["@id"]}', '7'],
    ['${order.line[1]}', 'milk'],
    ['${order.line?size}', '2'],
    ['<#list order.line as l>${l.@qty}x${l}<#sep>,</#list>', '2xtea,1xmilk'],
    ['<#list order.* as e>${e?node_name} </#list>', 'line line note '],
    ['${order.@id?number + 1}', '8'],
    ['${order.missing!"none"}', 'none'],
    ['<#if order.missing??>y<#else>n</#if>', 'n'],
    ['<#if order.note == "now">y</#if>', 'y'],
    ['${order.note.@@markup}', '<note>now</note>'],
  ])('%s', (template, expected) => {
    expect(rendered(template, model)).toBe(expected)
  })
})

describe('what is wrong is told with its place', () => {
  test.each([
    ['a\n ${payload.}', 2, 12, 'the name of a member is expected'],
    ['${a', 1, 4, '} is expected'],
    ['${}', 1, 3, 'an expression is expected'],
    ['<#if a>b', 1, 1, '<#if> is not closed'],
    ['x</#if>', 1, 2, '</#if> is out of place'],
    ['<#else>', 1, 1, '<#else> is out of place'],
    ['<#fi a>', 1, 1, 'there is no directive <#fi>'],
    ['<#macro a></#macro>', 1, 1, '<#macro> is not there'],
    ['<@a/>', 1, 1, 'macros are not there'],
    ['<#-- x', 1, 1, 'the comment does not end'],
    ['${a?upper_caze}', 1, 5, 'there is no built-in ?upper_caze here'],
    ['${a?join}', 1, 5, '?join takes 1 to 3 arguments'],
    ['<#list a></#list>', 1, 1, '<#list> needs "as" and the name of a variable'],
    ['${"a${b}"}', 1, 3, '${…} inside a text is not there; put texts together with +'],
  ])('%j', (template, line, column, message) => {
    expect(() => compileFreeMarker(template)).toThrow(expect.objectContaining({ line, column, message }))
  })

  test.each([
    ['a\n  ${missing}', 2, 3, 'a text is expected, and this is nothing'],
    ['${payload.missing.x}', 1, 19, 'there is nothing before .x'],
    ['${payload.name.x}', 1, 1, '.x needs a hash, and this is a string'],
    ['${payload.address}', 1, 1, 'a text is expected, and this is a hash'],
    ['${payload.missing?upper_case}', 1, 19, 'there is nothing before ?upper_case'],
    ['<#if payload.name>y</#if>', 1, 1, 'a boolean is expected, and this is a string'],
    ['<#if payload.name == 1>y</#if>', 1, 1, 'a number is expected, and this is a string'],
    ['<#list payload.name as x></#list>', 1, 1, 'a sequence is expected, and this is a string'],
    ['${1 / 0}', 1, 1, 'division by zero'],
    ['${"x"?number}', 1, 1, '"x" is no number'],
    ['<#stop "enough">', 1, 1, 'enough'],
    ['${(1..2000000000)?size}', 1, 1, 'a range of more than 1000000 numbers'],
  ])('%j', (template, line, column, message) => {
    const compiled = compileFreeMarker(template)
    const run = (): string => compiled.render(name => ({ payload })[name])
    expect(run).toThrow(expect.objectContaining({ line, column, message }))
  })

  test('brackets nested without end are an error', () => {
    expect(() => compileFreeMarker(`\${${'('.repeat(5_000)}`)).toThrow('the expression is nested too deeply')
  })
})
