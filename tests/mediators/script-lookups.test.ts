import { describe, expect, test } from 'vitest'
import { findings, mediate, xml } from '../support/mediate.ts'

const script = (source: string): string => `<script language="js"><![CDATA[${source}]]></script>`

const TOKEN = `
  importPackage(Packages.org.apache.synapse.config);
  var registry = mc.getConfiguration().getRegistry();
  var existing = registry.getResource("connectors/a/token");
  if (existing == null) {
    mc.getConfiguration().getRegistry().newResource("connectors/a/token", "first");
  } else {
    mc.getConfiguration().getRegistry().updateResource("connectors/a/token", existing + " again");
  }
  mc.setProperty("read", registry.getResource("connectors/a/token"));`

describe('the registry', () => {
  test('is read and written by scripts, and what they wrote is seen by all', async () => {
    const ctx = await mediate(`${script(TOKEN)}${script(TOKEN)}
      <property name="later" expression="get-property('registry', 'gov:/connectors/a/token')"/>`)
    expect(ctx.properties.get('read')).toBe('first again')
    expect(ctx.properties.get('later')).toBe('first again')
  })

  test('holds XML as XML', async () => {
    const ctx = await mediate(
      script(
        'mc.getConfiguration().getRegistry().updateResource("conf:/a", mc.parseXml("<a><b>1</b></a>")); null',
      ),
    )
    expect(ctx.deployment.entry('conf:/a')?.xml()?.firstElement?.text).toBe('1')
  })

  test('is not written by a script that fails', async () => {
    const ctx = await mediate(
      script('mc.getConfiguration().getRegistry().newResource("conf:/a", "1"); throw new Error("no")'),
    )
    expect(ctx.fault?.message).toContain('no')
    expect(ctx.deployment.entry('conf:/a')).toBeUndefined()
  })

  test('shows local entries too', async () => {
    const artifacts = ['<localEntry key="e">text</localEntry>']
    const source = `var c = mc.getConfiguration();
      mc.setProperty('p', c.getEntry('e') + c.getLocalRegistryEntry('e') + c.getEntry('none'))`
    const ctx = await mediate(script(source), xml('<a/>'), { artifacts })
    expect(ctx.properties.get('p')).toBe('texttextnull')
  })

  test('refuses what is no path, with a fault', async () => {
    const ctx = await mediate(
      script('mc.getConfiguration().getRegistry().updateResource("conf:/../../etc/passwd", "1")'),
    )
    expect(ctx.fault?.message).toContain('is no path of the registry')
  })
})

describe('an XPath', () => {
  const payload = xml('<o><a id="1">one</a><a id="2">two</a><x:b xmlns:x="urn:x">bee</x:b></o>')

  test.each([
    ["mc.getXpathResult('//a').selectNodes(o).get(1).getText()", 'two'],
    ["mc.getXpathResult('//a').selectNodes(o).size()", 2],
    ["mc.getXpathResult('//a/@id').selectNodes(o).get(0).getText()", '1'],
    ["mc.getXpathResult('//none').selectSingleNode(o)", null],
    ["mc.getXpathResult('//a[2]').selectSingleNode(o).getAttributeValue('id')", '2'],
    ["mc.getXpathResult('count(//a)').stringValueOf(o)", '2'],
    ["(x => (x.addNamespace('p', 'urn:x'), x.stringValueOf(o)))(mc.getXpathResult('//p:b'))", 'bee'],
  ])('%s', async (expression, expected) => {
    const source = `var o = mc.getPayloadXML(); mc.setProperty('p', ${expression}); null`
    const ctx = await mediate(script(source), payload)
    expect(ctx.fault).toBeUndefined()
    expect(ctx.properties.get('p') ?? null).toBe(expected)
  })

  test('that cannot be read is an error of the script, and sees nothing of the message', async () => {
    const bad = await mediate(
      script("mc.getXpathResult('//a[').selectNodes(mc.getPayloadXML())"),
      xml('<a/>'),
    )
    expect(bad.fault?.message).toContain('//a[ is no XPath expression')
    const outside = await mediate(
      script("mc.getXpathResult('$ctx:a').selectNodes(mc.getPayloadXML())"),
      xml('<a/>'),
    )
    expect(outside.fault?.message).toContain('$ctx:a is no XPath expression')
  })
})

describe('Java', () => {
  test.each([
    "var Stream = Java.type('java.io.ByteArrayInputStream'); var s = new Stream('<a>1</a>'.getBytes());",
    "var s = new java.io.ByteArrayInputStream(new String('<a>1</a>').getBytes());",
  ])('streams can be made for the parser: %s', async source => {
    const ctx = await mediate(
      script(`${source} mc.setProperty('p', mc.getParsedOMElement(s).getText()); null`),
    )
    expect(ctx.properties.get('p')).toBe('1')
  })

  test.each([
    ['importPackage(java.util)', 'importPackage'],
    ['importPackage(Packages.com.example)', 'importPackage'],
    ["Java.type('java.io.File')", 'java.io.File'],
    ['new java.io.FileInputStream("/etc/passwd")', 'java.io.'],
    ['new java.io.ByteArrayInputStreamer("")', 'java.io.'],
  ])('nothing else is there: %s', (source, said) => {
    expect(findings(script(source))[0]).toMatch(/^not-supported: the script uses Java/)
    expect(findings(script(source))[0]).toContain(said.slice(0, 5))
  })

  test('is not there at run time either', async () => {
    const ctx = await mediate(script("var name = 'java.' + 'io.File'; Java.type(name)"))
    expect(ctx.fault?.message).toContain('there is no Java class java.io.File')
  })
})

test('a header that a script added is in the envelope it asks for then', async () => {
  const source = `mc.addHeader(false, '<h xmlns="urn:h">1</h>');
    var s = mc.getXpathResult("//*[local-name()='h']").selectNodes(mc.parseXml(mc.getEnvelopeXML()));
    mc.setProperty('p', s.get(0).getText()); null`
  const ctx = await mediate(script(source), xml('<a/>'))
  expect(ctx.properties.get('p')).toBe('1')
  expect(ctx.message.content.envelope().text).toContain('1')
})
