import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Gateway, mocksAlone } from '../../src/gateway.ts'
import { MockSources } from '../../src/mocks/mock-sources.ts'
import { eventually } from '../support/eventually.ts'
import { serveMocks } from '../support/mocks.ts'
import { RecordingLogger } from '../support/recording-logger.ts'

const answering = (text: string, more = ''): string => `
- websocket:
    path: /ws/:name
    on-message:
      - {pattern: count, when: {seen: yes}, response: 'seen ${text}'}
      - {pattern: count, set: {seen: yes}, response: '${text}'}
${more}`

test('a file that changes answers the next message of the sockets that are open', async () => {
  await using mocks = await serveMocks(answering('one'))
  using client = await mocks.connect('/ws/ana')
  expect(await client.ask('count')).toBe('one')
  mocks.write('mocks.yml', answering('two', "- endpoint: {path: /new, response: {body: 'new'}}"))
  await expect.poll(async () => (await mocks.fetch('/new')).status, { timeout: 8_000 }).toBe(200)
  expect(await client.ask('count')).toBe('seen two')
})

test('a file with mistakes changes nothing, until it is right again', async () => {
  await using mocks = await serveMocks(answering('one'))
  using client = await mocks.connect('/ws/ana')
  mocks.write('mocks.yml', '- websocket: {path: nowhere')
  mocks.write('mocks.yml', '- websocket: {path: nowhere}')
  expect(await client.ask('count')).toBe('one')
  // As editors do it: another file takes its place.
  const other = join(mocks.folder, 'mocks.yml~')
  writeFileSync(other, answering('three'))
  renameSync(other, join(mocks.folder, 'mocks.yml'))
  await expect.poll(() => client.ask('count'), { timeout: 8_000 }).toBe('seen three')
})

test('who hears of mistakes hears of them once: they are not logged besides', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mocks-'))
  const file = join(folder, 'mocks.yml')
  writeFileSync(file, answering('one'))
  const [log, heard]: [RecordingLogger, (string | undefined)[]] = [new RecordingLogger(), []]
  const gateway = new Gateway(
    mocksAlone(new MockSources([file]), {
      listener: { port: 0, host: 'localhost' },
      renewed: problem => heard.push(problem),
    }),
    log,
  )
  await gateway.start()
  writeFileSync(file, '- websocket: {path: nowhere}')
  await eventually(() => expect(heard.at(-1)).toContain('A path begins with /.'))
  expect(log.lines.filter(({ level }) => level === 'error')).toEqual([])
  await gateway.stop(0)
  rmSync(folder, { recursive: true })
})

test('a client whose mock is gone keeps what it has, and pushes are those of the new file', async () => {
  await using mocks = await serveMocks(answering('one'))
  using client = await mocks.connect('/ws/ana')
  expect(await client.ask('count')).toBe('one')
  mocks.write('mocks.yml', answering('x').replace('/ws/:name', '/elsewhere'))
  await expect.poll(async () => (await mocks.fetch('/elsewhere')).status, { timeout: 8_000 }).toBe(426)
  expect(await client.ask('count')).toBe('seen one')
  mocks.write('mocks.yml', `- websocket: {path: '/ws/:name', push: [{every: 5, times: 1, response: pushed}]}`)
  await eventually(() => expect(client.received.all.map(({ data }) => data.toString())).toContain('pushed'))
})

test('what came before a change counts for the patterns that are still there', async () => {
  await using mocks = await serveMocks(answering('one'))
  using client = await mocks.connect('/ws/ana')
  expect(await client.ask('count')).toBe('one')
  expect(await client.ask('count')).toBe('seen one')
  mocks.write('mocks.yml', answering('two', "- endpoint: {path: /new, response: {body: 'new'}}"))
  await expect
    .poll(() => mocks.server.unused.map(({ what }) => what), { timeout: 8_000 })
    .toEqual(['GET /new'])
})
