import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { asyncApi } from '../../src/cli/asyncapi.ts'
import { readRecorded } from '../../src/collections/recorded.ts'
import { startUpper } from '../support/backends.ts'
import { myelin, runMyelin } from './program.ts'

function folder(files: Readonly<Record<string, string>> = {}): string {
  const path = mkdtempSync(join(tmpdir(), 'asyncapi-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(path, name, '..'), { recursive: true })
    writeFileSync(join(path, name), text)
  }
  return path
}

test('describes a configuration as YAML, one service of it as JSON into a file', async () => {
  const config = folder({
    'services/echo.yaml': 'basePath: /echo\nonMessage: [respond]\n',
    'mocks/m.yml': '- websocket: {path: /ws/mirror, on-message: [{pattern: ping, response: pong}]}\n',
  })
  const all = await runMyelin(['asyncapi', config, '--host', 'gateway.example'])
  expect(all).toMatchObject({ code: 0, stderr: '' })
  expect(all.stdout).toMatch(/^asyncapi: 3\.0\.0\ninfo:\n {2}title: WebSocket services\n/)
  expect(all.stdout).toContain('host: gateway.example:8280')
  expect(all.stdout).toMatch(/^ {2}echo:\n {4}address: \/echo$/m)
  expect(all.stdout).toContain('address: /ws/mirror')

  const file = join(config, 'echo.json')
  expect(await asyncApi([config], { service: 'echo', format: 'json', output: file })).toBe(0)
  const document = JSON.parse(readFileSync(file, 'utf8'))
  expect(document.info).toEqual({ title: 'echo', version: '1.0.0' })
  expect(Object.keys(document.channels)).toEqual(['echo'])

  await expect(asyncApi([config], { service: 'ecko', format: 'yaml' })).rejects.toThrow(
    'there is no WebSocket service ecko; Did you mean echo?',
  )
})

test('a saved conversation becomes a mock that has it again', async () => {
  await using backend = await startUpper()
  const path = folder()
  const [har, mocks] = [join(path, 'talk.har'), join(path, 'mocks.yml')]
  const lines = 'hello\n{"say": "hello world"}\nwhat {{is}} this?'
  const save = (to: string) => ['--wait', '200', '--save-conversation', to]
  const first = await runMyelin(['ws', backend.url, ...save(har)], lines)
  expect(first.code).toBe(0)

  const made = await runMyelin(['mock', 'from', har, '--output', mocks])
  expect(made).toMatchObject({ code: 0, stdout: '', stderr: '' })
  expect(readFileSync(mocks, 'utf8')).toContain('- pattern: hello\n        response: HELLO\n')

  await using server = myelin('mock', mocks, '--port', '0', '--verify')
  const [, host] = await server.prints(/^mock server at http:\/\/(localhost:\d+)$/m)
  const received = (stdout: string): string[] => stdout.split('\n').filter(line => line.startsWith('<'))
  const again = await runMyelin(['ws', `ws://${host}/websocket`, ...save(`${path}/talk/`)], lines)
  expect(received(again.stdout)).toEqual(received(first.stdout))
  server.kill('SIGTERM')
  expect(await server.ended()).toMatchObject({ code: 0 })

  const files = readdirSync(join(path, 'talk')).sort()
  expect(files).toHaveLength(7)
  expect(files[0]).toBe('0001-sent.txt')
  const json = files.filter(name => name.endsWith('-received.json'))
  expect(json.map(name => readFileSync(join(path, 'talk', name), 'utf8'))).toEqual(['{"SAY": "HELLO WORLD"}'])
  expect(readRecorded(join(path, 'talk'))[0]!.events.filter(({ kind }) => kind === 'text')).toHaveLength(6)
})

test('what is no conversation is said', () => {
  const path = folder({ 'a.txt': 'hello' })
  expect(() => readRecorded(join(path, 'a.txt'))).toThrow(
    'a.txt is no saved conversation: it is an HTTP archive (HAR)',
  )
  expect(() => readRecorded(join(path, 'b.har'))).toThrow('b.har: there is no such file')
  const line = JSON.stringify({ kind: 'text', direction: 'sent', file: '../a.txt' })
  const outside = folder({ 'conversation.jsonl': `{"kind": "handshake", "url": "ws://h"}\n${line}\n` })
  expect(() => readRecorded(outside)).toThrow('names ../a.txt, which is not in its folder')
})
