// A conversation with a real server, saved, made a mock, and had again with the mock.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { saveConversation } from '../../src/cli/ws-save.ts'
import { Conversation } from '../../src/collections/conversation.ts'
import type { Outgoing } from '../../src/collections/outgoing.ts'
import { readRecorded } from '../../src/collections/recorded.ts'
import type { RecordedConversation, RecordedEvent } from '../../src/core/recorded-conversation.ts'
import { yamlText } from '../../src/language/yaml-text.ts'
import { recordedMocks } from '../../src/mocks/recorded-mocks.ts'
import { startBackend } from '../support/backends.ts'
import { mockFindings, serveMocks } from '../support/mocks.ts'

/** A message, and how many answers the client waits for. */
type Said = readonly [message: string | Buffer, answers: number]

/** Talks as it is told, and gives what was said by whom. */
async function talk(url: string, said: readonly Said[], greetings: number): Promise<Conversation> {
  const conversation = await Conversation.begin({ url, options: { subprotocols: ['chat'] } }).opened
  for (let i = 0; i < greetings; i++) await conversation.next(5_000)
  for (const [message, answers] of said) {
    const isText = typeof message === 'string'
    const outgoing = { kind: isText ? 'text' : 'binary', data: Buffer.from(message as string) } as Outgoing
    await conversation.send(outgoing)
    for (let i = 0; i < answers; i++) await conversation.next(5_000)
  }
  await conversation.closed
  return conversation
}

function transcript({ rows, handshake }: Conversation): unknown {
  const events = rows
    .filter(({ kind }) => kind !== 'open')
    .map(({ kind, direction, data, code, text }) => [
      direction,
      kind,
      data?.toString('base64') ?? `${code} ${text}`,
    ])
  return [handshake!.subprotocol, ...events]
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'talk-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  return path
}

test.for(['talk.har', 'talk.jsonl', 'talk/'])('the same conversation again, saved as %s', async name => {
  let count = 0
  await using backend = await startBackend({
    choose: () => 'chat',
    greet: ({ webSocket }) => {
      webSocket.send('{"hello": "there"}')
      webSocket.send('use {{braces}} and [brackets]')
    },
    answer: (data, isBinary, { webSocket }) => {
      const text = data.toString()
      if (text === 'bye') webSocket.close(4321, 'so long')
      else if (text === 'count') webSocket.send(`${++count}`)
      else if (text === 'twice') for (const each of [1, 2]) webSocket.send(`${text} ${each}`)
      else if (text === 'odd') for (let i = 0; i < count; i++) webSocket.send(`odd ${i}`)
      else if (text !== 'hush') webSocket.send(isBinary ? Buffer.concat([data, data]) : text.toUpperCase())
    },
  })
  const said: readonly Said[] = [
    ['count', 1],
    ['odd', 1],
    ['{"a": [1, "x.*"]}', 1],
    ['12345678901234567890', 1],
    ['what? (really)', 1],
    ['{{name}}', 1],
    ['', 1],
    [Buffer.from([0, 255, 128]), 1],
    [Buffer.alloc(0), 1],
    ['count', 1],
    ['odd', 2],
    ['twice', 2],
    ['twice', 2],
    ['hush', 0],
    ['bye', 0],
  ]
  const first = await talk(backend.url, said, 2)
  const path = join(folder(), name)
  await saveConversation(first, path, undefined)

  const { items, notes } = recordedMocks(readRecorded(path), { withDelays: false })
  await using mocks = await serveMocks(yamlText(items))
  const again = await talk(`${mocks.server.url}/websocket`, said, 2)

  expect(notes).toEqual([])
  expect(transcript(again)).toEqual(transcript(first))
  expect(mocks.server.unmatched).toEqual([])
})

function recorded(events: readonly Partial<RecordedEvent>[], url = 'ws://h/a'): RecordedConversation {
  const usual = { kind: 'text', isSent: false, at: 0, data: Buffer.alloc(0), code: 1005, reason: '' } as const
  return {
    url,
    headers: [],
    offered: [],
    subprotocol: '',
    events: events.map(event => ({ ...usual, ...event })),
  }
}

const out = (text: string, at = 0): Partial<RecordedEvent> => ({ isSent: true, data: Buffer.from(text), at })
const back = (text: string, at = 0): Partial<RecordedEvent> => ({ data: Buffer.from(text), at })

function rulesOf(events: readonly Partial<RecordedEvent>[], withDelays = false): unknown {
  const { items } = recordedMocks([recorded(events)], { withDelays })
  return (items[0]!.websocket as Record<string, unknown>)['on-message']
}

test('messages that were sent at once are answered one by one; who had none for a while has none', () => {
  expect(rulesOf([out('a'), out('b'), back('A'), back('B'), back('B2')])).toEqual([
    { pattern: 'a', response: 'A' },
    { pattern: 'b', responses: ['B', 'B2'] },
  ])
  expect(rulesOf([out('a'), out('b', 2_000), back('B', 2_010)])).toEqual([
    { pattern: 'a', set: { 'last-unanswered': 'true' } },
    { pattern: 'b', response: 'B' },
  ])
})

test('answers take as long as they took where that is asked for', () => {
  expect(rulesOf([out('a', 0), back('A', 120), back('B', 150)], true)).toEqual([
    {
      pattern: 'a',
      responses: [
        { delay: '120ms', text: 'A' },
        { delay: '30ms', text: 'B' },
      ],
    },
  ])
})

test('what cannot be put into a mock is said', () => {
  const lost = recorded([out('a'), { kind: 'close', code: 1006 }])
  const other = recorded([out('a'), back('B')])
  const odd = recorded([], 'ws://h/:name')
  const { items, notes } = recordedMocks([recorded([out('a'), back('A')]), other, odd], { withDelays: false })
  expect(items).toHaveLength(1)
  expect(notes).toEqual([
    '/a: conversation 2 has other answers to a; those of the first are taken',
    '/:name cannot be the path of a mock; it is left out',
  ])
  expect(recordedMocks([lost], { withDelays: false }).notes).toEqual([
    '/a: the connection was lost (1006), which a mock does not do; it is left out',
  ])
})

test('a pattern of bytes is base64', () => {
  const rule = (pattern: string): string =>
    `- websocket: {path: /a, on-message: [{pattern: ${pattern}, kind: binary, response: {raw: '{{a}}'}}]}`
  expect(mockFindings(rule("'AP8='"))).toEqual([])
  expect(mockFindings(rule('no!'))).toEqual(['1:48 bad-pattern: A pattern of kind binary is base64.'])
})
