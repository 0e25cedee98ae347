import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { Diagnostics } from '../../src/language/diagnostic.ts'
import { Source } from '../../src/language/source.ts'
import { readXml } from '../../src/language/xml.ts'
import { readMock } from '../../src/unittest/mock-definition.ts'
import { MockService } from '../../src/unittest/mock-service.ts'
import { replaceAddresses } from '../../src/unittest/replace-address.ts'

function start(resources: string, port = 0): Promise<MockService> {
  const text = `<mock-service><service-name>E</service-name><port>${port}</port><context>/api</context>
    <resources>${resources}</resources></mock-service>`
  const diagnostics = new Diagnostics()
  return MockService.start(readMock(readXml(new Source('mock.xml', text), diagnostics)!, diagnostics)!)
}

test('answers what a resource knows by path, query, method, header and payload, and 404 for the rest', async () => {
  await using mock = await start(`
    <resource><sub-context>/orders?kind=new</sub-context><method>POST</method>
      <request><payload>{"id": 1}</payload><headers><header name="X-Key" value="k"/></headers></request>
      <response><status-code>201</status-code><payload>{"ok":true}</payload>
        <headers><header name="X-Answer" value="a"/></headers></response></resource>
    <resource><sub-context>/</sub-context><method>GET</method><response><payload>root</payload></response></resource>
    <resource><sub-context>/all/*</sub-context><method>GET</method><response><payload>&lt;a/&gt;</payload></response></resource>`)
  const ask = async (path: string, init: RequestInit = {}): Promise<[number, string | null, string]> => {
    const response = await fetch(mock.address + path, init)
    return [response.status, response.headers.get('content-type'), await response.text()]
  }
  const order = { method: 'POST', body: '{ "id": 1 }', headers: { 'X-Key': 'k' } }

  expect(await ask('/orders?page=2&kind=new', order)).toEqual([201, 'application/json', '{"ok":true}'])
  expect(await ask('', {})).toEqual([200, 'text/plain', 'root'])
  expect(await ask('/all/of/them')).toEqual([200, 'application/xml', '<a/>'])
  for (const [path, init] of [
    ['/orders?kind=old', order],
    ['/orders?kind=new', { ...order, body: '{"id":2}' }],
    ['/orders?kind=new', { ...order, headers: { 'X-Key': 'other' } }],
    ['/orders?kind=new', {}],
    ['/none', {}],
  ] as const)
    expect((await ask(path, init))[0]).toBe(404)
})

test('listens where it is told, and elsewhere when somebody is there', async () => {
  const other = createServer()
  await once(other.listen(0, 'localhost'), 'listening')
  const { port } = other.address() as AddressInfo

  await using mock = await start('', port)
  expect(new URL(mock.address).port).not.toBe(String(port))
  expect(mock.address).toMatch(/^http:\/\/localhost:\d+\/api$/)

  other.close()
  await once(other, 'close')
  await using second = await start('', port)
  expect(second.address).toBe(`http://localhost:${port}/api`)
})

test('takes over the addresses of named endpoints, wherever they stand', () => {
  const text = `<sequence name="s">
  <call><endpoint name="A"><address format="soap11" uri='http://a.example/x'/></endpoint></call>
  <call><endpoint name="B"><http method="GET" uri-template="http://b.example/{uri.var.id}"/></endpoint></call>
  <call><endpoint name="C"><address uri="http://c.example/"/></endpoint></call>
  <call><endpoint key="A"/></call>
</sequence>`
  const addresses = new Map([
    ['A', 'http://localhost:1/a?b=c&d=e'],
    ['B', 'http://localhost:2'],
    ['D', 'http://localhost:3'],
  ])

  const { source, endpoints } = replaceAddresses(new Source('s.xml', text), addresses)

  expect(source.text).toBe(
    text
      .replace('http://a.example/x', 'http://localhost:1/a?b=c&amp;d=e')
      .replace('http://b.example/{uri.var.id}', 'http://localhost:2'),
  )
  expect([...endpoints]).toEqual(['A', 'B'])
  const broken = new Source('broken.xml', '<endpoint name="A">')
  expect(replaceAddresses(broken, addresses).source).toBe(broken)
})
