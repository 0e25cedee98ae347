import { expect, test } from 'vitest'
import { findings, type Mediated, mediate, soap, xml } from '../support/mediate.ts'

const entry = (key: string, content: string): string => `<localEntry key="${key}">${content}</localEntry>`

const sheet = (templates: string, version = '1.0'): string =>
  `<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="${version}">
     <xsl:output omit-xml-declaration="yes"/><xsl:param name="p" select="'none'"/>${templates}</xsl:stylesheet>`

const BILL = sheet(
  '<xsl:template match="/"><bill p="{$p}"><xsl:value-of select="//v"/></bill></xsl:template>',
)

const transform = (
  fragment: string,
  message = xml('<order><v>7</v></order>'),
  templates = BILL,
): Promise<Mediated> => mediate(`${fragment}<respond/>`, message, { artifacts: [entry('sheet', templates)] })

test('transforms the payload', async () => {
  expect((await transform('<xslt key="sheet"/>')).replies).toEqual(['<bill p="none">7</bill>'])
  expect((await transform('<fastXSLT key="sheet"/>')).replies).toEqual(['<bill p="none">7</bill>'])
})

test('a key may be computed, and parameters hold any quotes', async () => {
  const ctx = await transform(
    `<property name="which" value="sheet"/>
     <xslt key="{get-property('which')}"><property name="p" expression="concat('a', '&quot;', &quot;'b&quot;)"/></xslt>`,
  )
  expect(ctx.replies).toEqual([`<bill p="a&quot;'b">7</bill>`])
})

test('a source is replaced where it stands', async () => {
  const ctx = await transform(
    '<xslt key="sheet" source="//inner"/>',
    xml('<outer><keep/><inner><v>7</v></inner></outer>'),
  )
  expect(ctx.replies).toEqual(['<outer><keep/><bill p="none">7</bill></outer>'])
})

test('a target is a property, and the payload stays', async () => {
  const ctx = await transform(
    `<xslt key="sheet" target="made"/><property name="text" expression="$ctx:made"/>`,
  )
  expect(ctx.properties.get('text')).toBe('7')
  expect(ctx.replies).toEqual(['<order><v>7</v></order>'])
})

test('text becomes a text payload', async () => {
  const ctx = await transform(
    '<xslt key="sheet"/><property name="text" expression="$body/*"/>',
    undefined,
    sheet('<xsl:output method="text"/><xsl:template match="/">just text</xsl:template>'),
  )
  expect(ctx.properties.get('text')).toBe('just text')
})

test('an envelope takes the place of the envelope', async () => {
  const ctx = await transform(
    '<xslt key="sheet" source="/"/>',
    soap('<v>7</v>'),
    sheet(
      '<xsl:template match="/"><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><new/></s:Body></s:Envelope></xsl:template>',
    ),
  )
  expect(ctx.replies[0]).toContain('<s:Body><new/></s:Body>')
})

test('what it includes is given to it', async () => {
  const ctx = await mediate(
    '<xslt key="sheet"><resource location="lib.xsl" key="lib"/></xslt><respond/>',
    xml('<order><v>7</v></order>'),
    {
      artifacts: [
        entry(
          'sheet',
          sheet(
            '<xsl:include href="lib.xsl"/><xsl:template match="/"><xsl:call-template name="t"/></xsl:template>',
          ).replace('<xsl:output', '<xsl:output'),
        ),
        entry(
          'lib',
          '<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"><xsl:template name="t"><lib/></xsl:template></xsl:stylesheet>',
        ),
      ],
    },
  )
  expect(ctx.replies).toEqual(['<lib/>'])
})

test.each([
  ['no stylesheet', '<a/>'],
  [
    'a template that is not there',
    sheet('<xsl:template match="/"><xsl:call-template name="nowhere"/></xsl:template>'),
  ],
  [
    'the network',
    sheet(
      `<xsl:template match="/"><xsl:copy-of select="document('http://localhost:1/x.xml')/*"/><xsl:message terminate="yes">stop</xsl:message></xsl:template>`,
    ),
  ],
  ['no end', sheet('<xsl:template match="/" name="t"><xsl:call-template name="t"/></xsl:template>')],
])('%s is a fault, and the next message is served', async (_what, templates) => {
  const ctx = await transform('<xslt key="sheet"/>', undefined, templates)
  expect(ctx.fault?.message).toContain('Unable to perform XSLT transformation using sheet')
  expect((await transform('<xslt key="sheet"/>')).replies).toEqual(['<bill p="none">7</bill>'])
})

test('many at once are all done', async () => {
  const numbers = Array.from({ length: 40 }, (_, i) => i)
  const ctx = await mediate(
    `<iterate expression="//v"><target><sequence>
       <xslt key="sheet"/><log level="custom"><property name="made" expression="//bill"/></log>
     </sequence></target></iterate>`,
    xml(`<o>${numbers.map(i => `<v>${i}</v>`).join('')}</o>`),
    { artifacts: [entry('sheet', BILL)] },
  )
  const made = ctx.logged.map(({ text }) => Number(/made = (\d+)/.exec(text)?.[1]))
  expect(made.sort((a, b) => a - b)).toEqual(numbers)
})

test('instructions of XSLT 2.0 are refused at deployment, and a version alone is not', () => {
  const grouped = sheet(
    '<xsl:template match="/"><xsl:for-each-group select="//v" group-by="."><g/></xsl:for-each-group></xsl:template>',
    '2.0',
  )
  const deploy = (text: string): string[] =>
    findings('<xslt key="sheet"/>', { artifacts: [entry('sheet', text)] })
  expect(deploy(grouped)).toEqual([
    'not-supported: The stylesheet sheet uses <xsl:for-each-group> of XSLT 2.0, which is not there. Write it in XSLT 1.0, or use a script.',
  ])
  expect(deploy(sheet('<xsl:template match="/"><a/></xsl:template>', '2.0'))).toEqual([
    'xslt-version: The stylesheet sheet does not say version 1.0; it is run as XSLT 1.0.',
  ])
})
