// curl through a proxy service to a backend that keeps what it gets: what people try first, by hand.

import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { type HttpBackend, startHttpBackend } from '../support/http-backend.ts'
import { findProgram, type Ran, runProgram } from '../support/programs.ts'

const program = findProgram('curl')
const name = program === undefined ? 'curl (skipped: there is no curl on the PATH)' : 'curl'

/** Calls the proxy service `p`; what comes first are arguments, `%p` is the address of the service. */
async function curl(gateway: TestGateway, args: readonly string[], input?: string | Buffer): Promise<Ran> {
  const url = gateway.url('http', 'p')
  const all = ['--silent', '--show-error', '--max-time', '20', '--noproxy', '*', ...args]
  const ran = await runProgram(
    program!,
    all.map(each => each.replace('%p', url)),
    input,
  )
  expect(ran.errors.includes('curl: ('), ran.errors).toBe(false)
  return ran
}

/** A backend that says back what it got, in a body whose length it does not tell. */
function echo(): Promise<HttpBackend> {
  return startHttpBackend((response, { method, target, body }) => {
    response.writeHead(200, { 'Content-Type': 'text/plain' })
    response.write(`${method} ${target} `)
    response.end(body.length > 100 ? `${body.length} characters` : body)
  })
}

const passOn = (backend: HttpBackend, steps = ''): string =>
  `<proxy name="p"><target><inSequence>${steps}<send><endpoint><address uri="${backend.url}"/></endpoint></send></inSequence></target></proxy>`
const READS = '<property name="read" expression="string-length(//*)"/>'

describe.skipIf(program === undefined)(name, () => {
  test.each([
    ['HTTP/1.1', '--http1.1', 'HTTP/1.1 200 OK'],
    ['HTTP/1.0', '--http1.0', 'HTTP/1.1 200 OK'],
  ])('speaks %s', async (_version, option, statusLine) => {
    await using backend = await echo()
    await using gateway = await startGateway({ xml: passOn(backend) })

    const { out } = await curl(gateway, [
      option,
      '-i',
      '-d',
      'hello',
      '-H',
      'Content-Type: text/plain',
      '%p/a?b=c',
    ])

    const [head = '', body] = out.split('\r\n\r\n')
    expect(head.split('\r\n')[0]).toBe(statusLine)
    expect(body).toBe('POST /a?b=c hello')
    // HTTP/1.0 knows no chunks.
    if (option === '--http1.0') expect(head.toLowerCase()).not.toContain('transfer-encoding')
  })

  test.each([
    ['from its input', ['-T', '-']],
    ['where a header asks for it', ['-X', 'PUT', '-H', 'Transfer-Encoding: chunked', '--data-binary', '@-']],
  ])('uploads in chunks %s', async (_how, args) => {
    await using backend = await echo()
    await using gateway = await startGateway({ xml: passOn(backend) })

    const { out } = await curl(
      gateway,
      [...args, '-H', 'Content-Type: text/plain', '%p/up'],
      'piece by piece',
    )

    expect(out).toBe('PUT /up piece by piece')
    expect(backend.received.map(({ body }) => body)).toEqual(['piece by piece'])
  })

  test.each([
    ['passed on', ''],
    ['read on the way', READS],
  ])('is told to continue before it uploads what is %s', async (_what, steps) => {
    await using backend = await echo()
    await using gateway = await startGateway({ xml: passOn(backend, steps) })
    const args = [
      '-v',
      '-H',
      'Expect: 100-continue',
      '--expect100-timeout',
      '15',
      '-H',
      'Content-Type: text/plain',
    ]

    const { out, errors } = await curl(gateway, [...args, '-d', 'worth it', '%p'])

    expect(errors).toContain('< HTTP/1.1 100 Continue')
    expect(out).toBe('POST / worth it')
    expect(backend.received[0]?.headers.expect).toBeUndefined()
  })

  test('keeps its connection for a second request', async () => {
    await using backend = await echo()
    await using gateway = await startGateway({ xml: passOn(backend) })

    const { out } = await curl(gateway, ['-w', ' [%{num_connects}]', '-d', 'x', '%p/1', '%p/2'])

    expect(out).toBe('POST /1 x [1]POST /2 x [0]')
  })

  test('asks for the head alone, and waits for no body', async () => {
    await using backend = await startHttpBackend(response =>
      response.writeHead(200, { 'Content-Type': 'text/plain', 'X-Backend': 'here' }).end('ignored'),
    )
    await using gateway = await startGateway({ xml: passOn(backend) })

    const { out } = await curl(gateway, ['-I', '%p'])

    expect(out).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(out.toLowerCase()).toContain('x-backend: here')
    expect(backend.received.map(({ method }) => method)).toEqual(['HEAD'])
  })

  test.each([
    ['passed on', ''],
    ['read on the way', READS],
  ])('uploads some megabytes that are %s', async (_what, steps) => {
    await using backend = await echo()
    await using gateway = await startGateway({ xml: passOn(backend, steps) })
    const length = 3 * 1024 * 1024

    const { out } = await curl(
      gateway,
      ['--data-binary', '@-', '-H', 'Content-Type: text/plain', '%p'],
      Buffer.alloc(length, 'x'),
    )

    expect(out).toBe(`POST / ${length} characters`)
  })

  test.each([
    ['as it came', '<respond/>', 'gzip'],
    ['unpacked, where it was read', `${READS}<respond/>`, undefined],
  ])('takes a packed answer %s', async (_how, out, coding) => {
    await using backend = await startHttpBackend((response, { headers }) => {
      expect(headers['accept-encoding']).toContain('gzip')
      response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Encoding': 'gzip' })
      response.end(gzipSync('unpacked'))
    })
    const call = `<call><endpoint><address uri="${backend.url}"/></endpoint></call>`
    const xml = `<proxy name="p"><target><inSequence>${call}${out}</inSequence></target></proxy>`
    await using gateway = await startGateway({ xml })

    const ran = await curl(gateway, ['--compressed', '-i', '%p'])

    const [head = '', body] = ran.out.split('\r\n\r\n')
    expect(body).toBe('unpacked')
    expect(/content-encoding: (\w+)/i.exec(head)?.[1]).toBe(coding)
  })

  test('sends OPTIONS to a service like any other method', async () => {
    await using backend = await startHttpBackend(response =>
      response.writeHead(204, { Allow: 'GET, PUT' }).end(),
    )
    await using gateway = await startGateway({ xml: passOn(backend) })

    const { out } = await curl(gateway, ['-i', '-X', 'OPTIONS', '%p'])

    expect(out).toMatch(/^HTTP\/1\.1 204 No Content\r\n/)
    expect(out.toLowerCase()).toContain('allow: get, put')
    expect(backend.received.map(({ method }) => method)).toEqual(['OPTIONS'])
  })
})
