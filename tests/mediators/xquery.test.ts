import { expect, test } from 'vitest'
import { type Mediated, mediate, xml } from '../support/mediate.ts'

const query = (
  text: string,
  inside = '',
  attributes = '',
  message = xml('<order><v>7</v><v>8</v></order>'),
): Promise<Mediated> =>
  mediate(`<xquery key="q" ${attributes}>${inside}</xquery><respond/>`, message, {
    artifacts: [`<localEntry key="q"><![CDATA[${text}]]></localEntry>`],
  })

test('a constructed element takes the place of the payload', async () => {
  const ctx = await query('<s:sum n="{count(//v)}" xmlns:s="urn:s">{sum(//v)}</s:sum>')
  expect(ctx.replies).toEqual(['<s:sum xmlns:s="urn:s" n="2">15</s:sum>'])
})

test('variables bring values and elements', async () => {
  const ctx = await query(
    'declare variable $p external; declare variable $n external; <r>{$p//v[$n]/text()}</r>',
    '<variable name="p" type="ELEMENT"/><variable name="n" type="INT" expression="count(//v)"/>',
  )
  expect(ctx.replies).toEqual(['<r>8</r>'])
})

test('a value becomes the text of the target', async () => {
  const ctx = await query('"new"', '', 'target="//v[1]"')
  expect(ctx.replies).toEqual(['<order><v>new</v><v>8</v></order>'])
})

test('what is wrong with a query is a fault', async () => {
  expect((await query('for $x in')).fault?.message).toContain('Error evaluating the XQuery q')
  expect((await query('doc("file:///etc/passwd")')).fault?.message).toContain('Error evaluating the XQuery q')
})
