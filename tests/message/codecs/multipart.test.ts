import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { joinMime, splitMime } from '../../../src/message/codecs/mime.ts'
import { bodyOf, headerOf, payloadOf } from '../../../src/message/codecs/soap.ts'
import { Content } from '../../../src/message/content.ts'
import { ContentError } from '../../../src/message/content-error.ts'
import { serializeXml } from '../../../src/message/xml/serialize.ts'
import { XmlElement } from '../../../src/message/xml/tree.ts'

const lines = (...all: string[]): string => all.join('\r\n')

function form(body: string | Buffer, type = 'multipart/form-data; boundary=XX'): Content {
  return Content.received(Buffer.from(body), type)
}

function payload(content: Content): string {
  return serializeXml(payloadOf(content.envelope())!)
}

const field = (disposition: string, body: string, ...headers: string[]): string =>
  lines('--XX', `Content-Disposition: form-data; ${disposition}`, ...headers, '', body, '')
const END = '--XX--\r\n'

describe('a form', () => {
  test('has one child per part; a file is base64, with its name and type', () => {
    const content = form(
      field('name="note"', 'größe & <more>') +
        field('name="file"; filename="a b.png"', '\x01\x02', 'Content-Type: image/png') +
        END,
    )
    expect(payload(content)).toBe(
      '<mediate><note>größe &amp; &lt;more&gt;</note><file filename="a b.png" content-type="image/png">AQI=</file></mediate>',
    )
    expect(content.json()).toMatchObject({ mediate: { note: 'größe & <more>' } })
  })

  test('reads what browsers and other senders write', () => {
    const content = form(
      `a preamble\r\n${field('name="a[0]"', '')}${field('name="1st"', 'x\r\ny')}${field(
        'name="q%22"; filename="größe.txt"',
        'x',
      )}${field('name=b; filename="x"; filename*=UTF-8\'\'%e2%82%ac.txt', 'x')}${field(
        'name="latin"',
        '\u00e9',
        'Content-Type: text/plain; charset=UTF-8',
        'X-Long: a',
        ' b',
      )}--XX  \r\nContent-Disposition: form-data; name="c"\r\nContent-Transfer-Encoding: base64\r\n\r\naGk=\r\n--XX--\r\nan epilogue`,
    )
    expect(payload(content)).toBe(
      '<mediate><a_JsonReader_91_0_JsonReader_93_/><_JsonReader_PD_1st>x&#xD;\ny</_JsonReader_PD_1st><q_JsonReader_34_ filename="größe.txt">eA==</q_JsonReader_34_><b filename="€.txt">eA==</b><latin content-type="text/plain">é</latin><c>hi</c></mediate>',
    )
  })

  test('a part says its charset', () => {
    const part = Buffer.concat([
      Buffer.from(
        lines(
          '--XX',
          'Content-Disposition: form-data; name="a"',
          'Content-Type: text/plain; charset=iso-8859-1',
          '',
          '',
        ),
      ),
      Buffer.from([0xfc]),
      Buffer.from('\r\n--XX--'),
    ])
    expect(payload(form(part))).toBe('<mediate><a content-type="text/plain">ü</a></mediate>')
  })

  test('a boundary that goes on is another one’s', () => {
    expect(payload(form(`${field('name="a"', '\r\n--XXX\r\n--X\r\nb')}${END}`))).toContain('--XXX')
  })

  test('unchanged, it leaves with its bytes and its boundary', () => {
    const content = form(field('name="a"', '1') + END)
    payload(content)
    expect(content.as('multipart/form-data')).toBe(content.bytes)
    expect(content.contentTypeAs('multipart/form-data')).toBe('multipart/form-data; boundary=XX')
  })

  test('changed, it leaves with a new boundary that fits', () => {
    const content = form(
      field('name="a[0]"', '1') +
        field('name="f"; filename="x\u00fc%22.bin"', '\x00\xff', 'Content-Type: a/b') +
        END,
    )
    const before = payloadOf(content.envelope())!.children[1]!.text
    payloadOf(content.editEnvelope())!.firstElement!.setText('two')
    const type = content.contentTypeAs('multipart/form-data')
    expect(type).toMatch(/^multipart\/form-data; boundary=----part[0-9a-f]{32}$/)
    const again = Content.received(content.bytes, type)
    expect(content.text()).toContain('name="a[0]"\r\n')
    expect(payloadOf(again.envelope())!.children.map(child => child.text)).toEqual(['two', before])
    expect(payloadOf(again.envelope())!.children[1]!.getAttribute('filename')).toBe('xü".bin')
  })

  test('JSON and XML can be written as one', () => {
    const json = Content.ofJson({ a: 'x', list: [1, 2] })
    const type = json.contentTypeAs('multipart/form-data')
    expect(payload(Content.received(json.as('multipart/form-data'), type))).toBe(
      '<mediate><a>x</a><list>1</list><list>2</list></mediate>',
    )
  })

  test('names and types that would break a header do not', () => {
    const root = new XmlElement('mediate')
    const file = new XmlElement('f')
    file.setAttribute('filename', 'a"\r\nX-Evil: 1')
    file.setAttribute('content-type', 'a/b\r\nX-Evil: 1')
    root.append(file)
    const content = Content.ofPayload(root, 'multipart/form-data')
    expect(content.text()).not.toMatch(/^X-Evil/m)
    expect(content.text()).toContain('Content-Type: application/octet-stream')
  })

  test.each([
    ['no boundary in it', 'hello', 'a boundary is missing'],
    ['no last boundary', field('name="a"', '1'), 'a boundary is missing'],
    ['headers without end', '--XX\r\nContent-Disposition: form-data; name="a"\r\n--XX--', 'do not end'],
    ['a line that is no header', '--XX\r\nhello\r\n\r\nx\r\n--XX--', 'cannot be read'],
    ['a part without a name', '--XX\r\n\r\nx\r\n--XX--', 'a part has no name'],
    ['very many parts', '--XX\r\n\r\n\r\n'.repeat(2_000), 'more than 1000 parts'],
    ['10 MB of boundaries', '--XX\r\n'.repeat(1_600_000), 'do not end'],
    ['10 MB of boundaries that go on', '\r\n--XXY'.repeat(1_400_000), 'a boundary is missing'],
    ['10 MB of headers', `--XX\r\n${'a: b\r\n'.repeat(1_600_000)}`, 'a boundary is missing'],
  ])('%s is refused', (_what, body, message) => {
    const read = (): unknown => form(body).envelope()
    expect(read).toThrow(ContentError)
    expect(read).toThrow(message)
  })

  test('without a boundary in the type, the first line tells', () => {
    const content = new Content(Buffer.from(field('name="a"', '1') + END), 'multipart/form-data')
    expect(payload(content)).toBe('<mediate><a>1</a></mediate>')
    expect(content.contentTypeAs('multipart/form-data')).toBe('multipart/form-data; boundary="XX"')
    expect(() => new Content(Buffer.from('hello'), 'multipart/form-data').envelope()).toThrow(
      'names no boundary',
    )
  })

  test('an empty one has no parts', () => {
    expect(payload(form(''))).toBe('<mediate/>')
    expect(payload(form(END))).toBe('<mediate/>')
  })
})

test('any parts come back as they were', () => {
  const boundary = 'part-boundary'
  const body = fc
    .uint8Array()
    .map(bytes => Buffer.from(bytes))
    .filter(bytes => !bytes.includes(boundary))
  fc.assert(
    fc.property(fc.array(body), bodies => {
      const parts = bodies.map((each, i) => ({ headers: new Map([['x-n', String(i)]]), body: each }))
      expect(splitMime(joinMime(parts, boundary), boundary)).toEqual(parts)
    }),
  )
})

describe('SOAP with attachments', () => {
  const SOAP =
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><a>1</a></s:Body></s:Envelope>'
  const TYPE = 'multipart/related; boundary=XX; type="text/xml"; start="<root@x>"'
  const attachment = lines(
    '--XX',
    'Content-Type: image/png',
    'Content-ID: <img@x>',
    '',
    '\x00\x01\r\n\x02',
    '',
  )
  const root = lines('--XX', 'Content-Type: text/xml; charset=utf-8', 'Content-ID: <root@x>', '', SOAP, '')

  test('the root part is the payload, wherever it stands', () => {
    for (const body of [attachment + root, root + attachment]) {
      const content = form(`${body}--XX--`, TYPE)
      expect(payload(content)).toBe('<a>1</a>')
      expect(content.isXml).toBe(true)
      expect(content.json()).toEqual({ a: 1 })
    }
    expect(payload(form(`${root + attachment}--XX--`, 'multipart/related; boundary=XX'))).toBe('<a>1</a>')
  })

  test('unchanged, all of it leaves as it came', () => {
    const content = form(`${root + attachment}--XX--`, TYPE)
    content.envelope()
    expect(content.as('multipart/related')).toBe(content.bytes)
    expect(content.contentTypeAs('multipart/related')).toBe(TYPE)
  })

  test('changed, the attachments go with it', () => {
    for (const share of [false, true]) {
      const content = form(`${attachment + root}--XX--`, TYPE)
      const edited = share ? content.share() : content
      payloadOf(edited.editEnvelope())!.setText('2')
      const type = edited.contentTypeAs('multipart/related')
      expect(type).toMatch(/^multipart\/related;.*boundary=----part/)
      expect(type).toContain('start="<root@x>"')
      const again = Content.received(edited.bytes, type)
      expect(payload(again)).toBe('<a>2</a>')
      const [first] = splitMime(again.bytes, again.parameter('boundary')!)
      expect(first?.body).toEqual(Buffer.from('\x00\x01\r\n\x02'))
      expect(first?.headers.get('content-id')).toBe('<img@x>')
    }
  })

  test('as SOAP alone, the attachments stay behind', () => {
    const content = form(`${attachment + root}--XX--`, TYPE)
    expect(content.as('text/xml').toString()).toContain('<a>1</a>')
  })

  test('an envelope can be written as its root part', () => {
    const content = Content.ofPayload(new XmlElement('a'))
    const type = content.contentTypeAs('multipart/related')
    const again = Content.received(content.as('multipart/related'), type)
    expect(payload(again)).toBe('<a/>')
    expect(headerOf(again.envelope())).toBeUndefined()
    expect(type).toContain('type="text/xml"')
  })

  test('a root part in a transfer encoding is read', () => {
    const quoted = lines(
      '--XX',
      'Content-Type: application/xop+xml; type="text/xml"',
      'Content-Transfer-Encoding: quoted-printable',
      '',
      SOAP.replace('<a>1</a>', '<a>=C3=BC=\r\nx</a>'),
      '--XX--',
    )
    expect(bodyOf(form(quoted, 'multipart/related; boundary=XX').envelope())?.text).toBe('üx')
  })

  test.each([
    ['no parts', '--XX--', 'it has no parts'],
    ['a root that is no XML', `${lines('--XX', 'Content-Type: text/xml', '', '<a', '')}--XX--`, 'no XML'],
  ])('%s is refused', (_what, body, message) => {
    expect(() => form(body, TYPE).envelope()).toThrow(message)
  })
})
