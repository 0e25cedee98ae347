import { createHash, type Hash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { proxy } from '../support/configurations.ts'
import { eventually } from '../support/eventually.ts'
import { startGateway } from '../support/gateway.ts'

// Bodies that nobody looks into go through the gateway as they come, in both directions, whatever their size.

interface Server extends AsyncDisposable {
  readonly url: string
}

async function serve(
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Server> {
  const server = createServer(onRequest).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

const MIB = 1024 * 1024

/** A body of so many pieces of 1 MiB, each another one. */
function body(pieces: number, hash: Hash): Readable {
  const made = (function* () {
    for (let i = 0; i < pieces; i++) {
      const piece = Buffer.alloc(MIB, i % 251)
      hash.update(piece)
      yield piece
    }
  })()
  return Readable.from(made)
}

function hashOf(stream: Readable): Promise<string> {
  const hash = createHash('sha1')
  stream.on('data', (chunk: Buffer) => hash.update(chunk))
  return once(stream, 'end').then(() => hash.digest('hex'))
}

/** Posts a stream, and gives the answer once its head is there. */
async function upload(
  url: string,
  stream: Readable,
  headers: Record<string, string> = {},
): Promise<IncomingMessage> {
  const sent = request(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/octet-stream', ...headers },
  })
  stream.pipe(sent)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return response
}

function through(url: string, before = ''): string {
  return proxy('p', `${before}<send><endpoint><address uri="${url}"/></endpoint></send>`)
}

test.each([
  ['in chunks', {}],
  ['with a length', { 'Content-Length': String(40 * MIB) }],
])('a body larger than any that may be read in goes through and back %s', async (_how, headers) => {
  await using backend = await serve((incoming, response) => {
    response.writeHead(200, { 'Content-Type': 'application/octet-stream' })
    incoming.pipe(response)
  })
  await using gateway = await startGateway({ xml: through(backend.url) })
  const sent = createHash('sha1')

  const response = await upload(gateway.url('http'), body(40, sent), headers)

  expect(response.statusCode).toBe(200)
  expect(await hashOf(response)).toBe(sent.digest('hex'))
  expect(gateway.inFlight).toBe(0)
})

test('the first part of an answer is there before the backend has the last one', async () => {
  const rest = Promise.withResolvers<void>()
  await using backend = await serve((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: 1\n\n')
    void rest.promise.then(() => response.end('data: 2\n\n'))
  })
  await using gateway = await startGateway({ xml: through(backend.url) })

  const response = await upload(gateway.url('http'), Readable.from([]))
  const parts = response[Symbol.asyncIterator]()

  expect(String((await parts.next()).value)).toBe('data: 1\n\n')
  rest.resolve()
  expect(String((await parts.next()).value)).toBe('data: 2\n\n')
})

test('a backend is read no faster than the client reads', async () => {
  let written = 0
  await using backend = await serve((_request, response) => {
    const more = (): void => {
      while (written < 64) {
        written++
        if (!response.write(Buffer.alloc(MIB))) {
          response.once('drain', more)
          return
        }
      }
      response.end()
    }
    more()
  })
  await using gateway = await startGateway({ xml: through(backend.url) })

  const response = await upload(gateway.url('http'), Readable.from([]))
  response.once('readable', () => {})
  // Everything that has buffers on the way has filled them once the backend does not get on any more.
  for (let before = -1; before !== written; await new Promise(resolve => setTimeout(resolve, 200)))
    before = written
  expect(written).toBeLessThan(40)

  let size = 0
  for await (const chunk of response) size += (chunk as Buffer).length
  expect(size).toBe(64 * MIB)
})

test('a step that looks into a body reads it in, up to the limit', async () => {
  await using backend = await serve((_request, response) => response.end('small'))
  const settings = { 'transport.http.listener.max_body_bytes': 2 * MIB }
  await using gateway = await startGateway({ xml: through(backend.url, '<log level="full"/>'), settings })

  expect((await upload(gateway.url('http'), body(1, createHash('sha1')))).statusCode).toBe(200)
  const length = { 'Content-Length': String(3 * MIB) }
  expect((await upload(gateway.url('http'), body(3, createHash('sha1')), length)).statusCode).toBe(413)
  expect(gateway.inFlight).toBe(0)
})

test('an answer nobody takes does not keep its connection', async () => {
  const closed = Promise.withResolvers<void>()
  await using backend = await serve((_request, response) => {
    response.on('close', () => closed.resolve())
    response.writeHead(200, { 'Content-Type': 'application/octet-stream' })
    const more = (): boolean => response.write(Buffer.alloc(MIB)) && more()
    response.on('drain', more)
    more()
  })
  const call = `<call><endpoint><address uri="${backend.url}"/></endpoint></call><drop/>`
  await using gateway = await startGateway({ xml: proxy('p', call) })

  expect((await upload(gateway.url('http'), Readable.from(['x']))).statusCode).toBe(202)
  await closed.promise
})

test('a body that nobody takes does not cost the client its answer', async () => {
  const none = '<property name="NO_ENTITY_BODY" scope="axis2" value="true"/><respond/>'
  await using gateway = await startGateway({ xml: proxy('p', none) })

  const response = await upload(gateway.url('http'), body(1, createHash('sha1')))

  expect([response.statusCode, response.headers['content-length']]).toEqual([200, '0'])
})

test('a request for the head alone is told how long the rest is', async () => {
  await using backend = await serve((_request, response) =>
    response.writeHead(200, { 'Content-Length': 5_000_000 }).end(),
  )
  await using gateway = await startGateway({ xml: through(backend.url) })

  const asked = request(gateway.url('http'), { method: 'HEAD' }).end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]

  expect([response.statusCode, response.headers['content-length']]).toEqual([200, '5000000'])
  expect(await response.toArray()).toEqual([])
})

test('a backend that breaks off in the middle breaks the response off', async () => {
  await using backend = await serve((_request, response) => {
    response.writeHead(200, { 'Content-Length': String(10 * MIB) })
    response.write(Buffer.alloc(MIB), () => response.socket!.destroy())
  })
  await using gateway = await startGateway({ xml: through(backend.url) })

  const response = await upload(gateway.url('http'), Readable.from(['x']))

  expect(response.statusCode).toBe(200)
  await expect(response.toArray()).rejects.toThrow('aborted')
  await gateway.waitForLog('the response broke off')
  await eventually(() => expect(gateway.inFlight).toBe(0))
})

test('a client that breaks off in the middle takes its request to the backend with it', async () => {
  const broken = Promise.withResolvers<void>()
  await using backend = await serve(incoming => {
    incoming.resume()
    incoming.on('error', () => broken.resolve())
  })
  await using gateway = await startGateway({ xml: through(backend.url) })
  const sent = request(gateway.url('http'), {
    method: 'POST',
    headers: { 'Content-Length': String(10 * MIB) },
  })
  sent.on('error', () => {})

  sent.write(Buffer.alloc(MIB), () => sent.destroy())

  await broken.promise
  await gateway.waitForLog('the client left')
  await eventually(() => expect(gateway.inFlight).toBe(0))
  expect(gateway.logged('ERROR_CODE')).toEqual([])
})
