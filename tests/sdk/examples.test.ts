// The examples of the client, run as they are: each prints what its transcript says.

import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Backend, startUpper } from '../support/backends.ts'
import { testAuthority } from '../support/certificates.ts'
import { Programs } from './programs.ts'

const examples = resolve(import.meta.dirname, '../../examples')
const names = readdirSync(examples)
  .filter(file => /^client-.*\.ts$/.test(file))
  .map(file => file.slice(0, -3))

const transcriptOf = (name: string): string => readFileSync(join(examples, `${name}.txt`), 'utf8')

/** Runs an example against a server. */
async function run(name: string, ...args: string[]): Promise<string> {
  using programs = new Programs()
  programs.copyExamples()
  return await programs.run(`${name}.ts`, args)
}

describe('examples', () => {
  test.each(names.filter(name => !/tls|ping|reconnect/.test(name)))('%s', async name => {
    await using server = await startUpper()
    expect(await run(name, server.url)).toBe(transcriptOf(name))
  })

  test('client-ping-pong', async () => {
    await using server = await startUpper({ greet: ({ webSocket }) => webSocket.ping('hello') })
    expect(await run('client-ping-pong', server.url)).toBe(transcriptOf('client-ping-pong'))
    const { received } = await server.connection()
    expect(await received.text()).toBe('Hello World!')
  })

  test('client-tls', async () => {
    using files = await testAuthority()
    await using server = await startUpper({ tls: files.server })
    expect(await run('client-tls', server.url, files.trustStore)).toBe(transcriptOf('client-tls'))
  })

  test('client-reconnect', async () => {
    await using server: Backend = await startUpper({
      answer: (data, _isBinary, { webSocket }) => {
        const isFirst = server.connections.length === 1
        webSocket.send(data.toString().toUpperCase(), () => isFirst && webSocket.close(1012))
      },
    })
    expect(await run('client-reconnect', server.url)).toBe(transcriptOf('client-reconnect'))
    expect(server.accepted).toBe(2)
  })

  test('all are here, and are what the compiler takes', async () => {
    expect(names).toEqual([
      'client-binary',
      'client-close',
      'client-json',
      'client-ping-pong',
      'client-reconnect',
      'client-text',
      'client-tls',
    ])
    using programs = new Programs()
    for (const name of names) programs.write(`${name}.ts`, readFileSync(join(examples, `${name}.ts`), 'utf8'))
    expect(await programs.check()).toBe('')
  })
})
