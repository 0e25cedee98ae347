import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { MYELIN, myelin, runMyelin, startProgram } from './program.ts'

const FILE = `- websocket:
    path: /ws/mirror
    on-connect: {response: '{"hello": "there"}'}
    on-message:
      - {pattern: ping, response: pong}
      - {pattern: '{"say": "{{json-params.say}}"}', response: '{"said": "{{json-params.say}}"}'}
- endpoint: {path: /orders, response: {body: '[]'}}
`

/** A folder with a mock file. */
function mockFile(text = FILE): { path: string; folder: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'mock-'))
  const path = join(folder, 'mocks.yml')
  writeFileSync(path, text)
  return { path, folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) }
}

test('serves a file, and says what it serves, what it missed and what changed', async () => {
  using file = mockFile()
  await using server = myelin('mock', file.path, '--port', '0', '--verify')
  const [, url] = await server.prints(/^mock server at http:\/\/(localhost:\d+)$/m)
  await server.prints(/^ {2}ws {3}\/ws\/mirror {2}2 patterns$/m)
  await server.prints(/^ {2}GET {2}\/orders {5}200$/m)
  const talk = await runMyelin(['ws', `ws://${url}/ws/mirror`], 'ping\n{"say": "hello world"}\nwhat')
  expect(talk.stdout.split('\n').filter(line => line.startsWith('<'))).toEqual([
    '< {"hello": "there"}',
    '< pong',
    '< {"said": "hello world"}',
  ])
  await server.prints(/^unmatched ws \/ws\/mirror what$/m)
  writeFileSync(file.path, FILE.replace('pong', 'PONG'))
  await server.prints(/^reloaded$/m)
  server.kill('SIGTERM')
  const { code, stdout } = await server.ended()
  expect(code).toBe(1)
  expect(stdout).toMatch(/^3 received, 1 unmatched$/m)
  expect(stdout).toMatch(/^unused GET \/orders \(.*mocks\.yml:7:13\)$/m)
})

test('a mock that got all that was expected passes', async () => {
  using file = mockFile("- endpoint: {path: /a, response: {body: 'b'}}\n")
  await using server = myelin('mock', '-c', file.path, '--port', '0', '-f', 'json', '--verify')
  const [, url] = await server.prints(/"urls":\["([^"]+)"\]/)
  expect(await (await fetch(`${url}/a`)).text()).toBe('b')
  server.kill('SIGINT')
  const { code, stdout } = await server.ended()
  expect(code).toBe(0)
  const last = JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, unknown>
  expect(last).toMatchObject({ event: 'ended', received: 1, unmatched: 0, unused: [] })
})

test('takes what it is not told from the environment', async () => {
  using file = mockFile()
  await using server = startProgram(MYELIN, ['mock'], {
    ...process.env,
    CONFIG: file.path,
    PORT: '0',
    HOST: '127.0.0.1',
  })
  const [, url] = await server.prints(/^mock server at (http:\/\/localhost:\d+)$/m)
  const { port } = new URL(url!)
  expect((await fetch(`http://127.0.0.1:${port}/orders`)).status).toBe(200)
})

test('does not start with mistakes, and points at them', async () => {
  using file = mockFile('- websocket:\n    path: /a\n    on-conect: {}\n')
  const { code, stderr } = await runMyelin(['mock', file.path, '--port', '0'])
  expect(code).toBe(1)
  expect(stderr).toContain('mocks.yml:3:5 error unknown-option')
  expect(stderr).toContain('    ^^^^^^^^^\n  Did you mean on-connect?')
  const checked = await runMyelin(['validate', file.path])
  expect(checked.code).toBe(1)
  expect(checked.stderr).toContain('mocks.yml:3:5 error unknown-option')
  const edn = await runMyelin(['mock', '/nowhere/a.edn'])
  expect([edn.code, edn.stderr]).toEqual([1, expect.stringContaining('there is no such file or folder')])
})

test('refuses EDN by name', async () => {
  using file = mockFile()
  const path = join(file.folder, 'mocks.edn')
  writeFileSync(path, '[{:endpoint {:path "/a"}}]')
  const { code, stderr } = await runMyelin(['mock', path])
  expect(code).toBe(1)
  expect(stderr).toContain('EDN is refused: mock files are YAML.')
})
