import type { Gateway } from '../gateway.ts'
import type { ReceivedByMock, UnusedMock } from '../mocks/mock-journal.ts'
import type { MockSources } from '../mocks/mock-sources.ts'

/** What a mock server says, as lines for people or as JSON. */
export interface MockLines {
  warn(text: string): void
  listing(gateway: Gateway, sources: MockSources): void
  received(entry: ReceivedByMock): void
  renewed(problem: string | undefined): void
  summary(end: {
    readonly received: number
    readonly unmatched: number
    readonly unused: readonly UnusedMock[]
  }): void
}

/** Gives the lines in one of the two formats. */
export function mockLines(format: 'println' | 'json'): MockLines {
  return format === 'json' ? JSON_LINES : TEXT_LINES
}

const SHOWN_CHARS = 200

function shown(text: string): string {
  const cut = text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text
  return cut.replace(/[\x00-\x1f\x7f-\x9f]/g, ' ')
}

const TEXT_LINES: MockLines = {
  warn: text => console.error(`myelin: ${text}`),
  listing(gateway, sources) {
    for (const url of urlsOf(gateway)) console.log(`mock server at ${url}`)
    const rows = rowsOf(gateway)
    const [kind = 0, path = 0] = [0, 1].map(i => Math.max(0, ...rows.map(row => row[i]!.length)))
    for (const row of rows) console.log(`  ${row[0]!.padEnd(kind)}  ${row[1]!.padEnd(path)}  ${row[2]}`)
    console.log(`watching ${sources.folders.join(', ')}; Ctrl-C ends`)
  },
  received: ({ kind, path, text, isMatched }) => {
    if (!isMatched) console.log(`unmatched ${kind} ${path} ${shown(text)}`.trimEnd())
  },
  renewed: problem => {
    if (problem === undefined) console.log('reloaded')
    else console.error(`not reloaded, the mocks before stay:\n${problem}`)
  },
  summary({ received, unmatched, unused }) {
    console.log(`${received} received, ${unmatched} unmatched`)
    for (const { what, place } of unused) console.log(`unused ${what} (${place})`)
  },
}

const JSON_LINES: MockLines = {
  warn: text => write('warn', { text }),
  listing: (gateway, sources) =>
    write('info', {
      event: 'listening',
      urls: urlsOf(gateway),
      mocks: rowsOf(gateway).map(([kind, path]) => ({ kind, path })),
      watching: sources.folders,
    }),
  received: ({ kind, path, text, isMatched }) =>
    write('info', { event: 'received', kind, path, text: shown(text), matched: isMatched }),
  renewed: problem =>
    write(problem === undefined ? 'info' : 'error', {
      event: 'reloaded',
      ...(problem !== undefined && { problem }),
    }),
  summary: end => write('info', { event: 'ended', ...end }),
}

function write(level: string, fields: Readonly<Record<string, unknown>>): void {
  console.log(JSON.stringify({ level, time: new Date().toISOString(), ...fields }))
}

/** HTTP and WebSocket of a port are one line: the URL with http. */
function urlsOf({ listening }: Gateway): string[] {
  return [...new Set(listening.map(({ url }) => url.replace(/^ws/, 'http').replace(/\/$/, '')))]
}

function rowsOf({ mocks }: Gateway): string[][] {
  return (mocks?.books ?? []).flatMap(({ set }) => [
    ...set.webSockets.map(({ address, rules }) => ['ws', address.path.text, plural(rules.length, 'pattern')]),
    ...set.endpoints.map(({ method, address, answer }) => [method, address.path.text, String(answer.status)]),
  ])
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}
