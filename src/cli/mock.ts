import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Logger } from '../core/logger.ts'
import { Gateway, mocksAlone } from '../gateway.ts'
import { format } from '../language/diagnostic.ts'
import { openLog } from '../log.ts'
import { seedFake } from '../mocks/fake.ts'
import { MockJournal, type ReceivedByMock } from '../mocks/mock-journal.ts'
import { MockSources } from '../mocks/mock-sources.ts'
import { type MockLines, mockLines } from './mock-lines.ts'
import { untilSignal } from './until-signal.ts'
import { versionLine } from './version.ts'

/** Options of `myelin mock`. */
export interface MockOptions {
  readonly config?: readonly string[]
  readonly mocks?: string
  readonly port?: number
  readonly host?: string
  readonly format?: 'println' | 'json'
  readonly verify?: boolean
  readonly seed?: number
  readonly version?: boolean
}

/** Port of the mock server where nothing else is said. */
const DEFAULT_PORT = 8_000
const GRACE_MS = 2_000

/** Serves mock files until SIGINT or SIGTERM; gives 1 where they cannot be, or did not get what they were to. */
export async function mock(given: readonly string[], options: MockOptions): Promise<number> {
  const lines = mockLines(options.format ?? 'println')
  if (options.version) {
    console.log(versionLine())
    return 0
  }
  if (process.env.SENTRY_DSN) lines.warn('SENTRY_DSN has no effect: errors are in the log')
  const paths = pathsOf(given, options)
  if (paths.length === 0)
    throw new Error('there is no mock file; name one: myelin mock mocks.yml, or set CONFIG')
  seedFake(options.seed)
  const sources = new MockSources(paths)
  const { log, close } = await openLog({ level: 'warn', isReadable: options.format !== 'json' })
  const gateway = gatewayOf(sources, options, log, lines)
  const found = gateway.diagnostics.all()
  if (sources.problems.length > 0 || gateway.diagnostics.errors > 0) {
    for (const problem of sources.problems) console.error(`myelin: ${problem}`)
    for (const diagnostic of found) console.error(`${format(diagnostic)}\n`)
    await close()
    return 1
  }
  for (const diagnostic of found) console.error(format(diagnostic))
  try {
    await gateway.start()
    lines.listing(gateway, sources)
    await untilSignal()
    await gateway.stop(GRACE_MS)
    return ended(gateway, lines, options.verify === true)
  } finally {
    await close()
  }
}

function gatewayOf(
  sources: MockSources,
  { mocks, port, host, verify }: MockOptions,
  log: Logger,
  lines: MockLines,
): Gateway {
  const { PORT, HOST, MOCKS } = process.env
  const answers = mocks ?? MOCKS
  return new Gateway(
    mocksAlone(sources, {
      listener: { port: port ?? portOf(PORT) ?? DEFAULT_PORT, host: host ?? HOST ?? 'localhost' },
      ...(answers !== undefined && { answers }),
      keeps: verify === true,
      tell: (entry: ReceivedByMock) => lines.received(entry),
      renewed: problem => lines.renewed(problem),
    }),
    log,
  )
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new Error(`PORT is ${text}; a port is a whole number from 0 to 65535`)
}

/** Files that are looked for where none is named. */
const USUAL = ['mocks.yml', 'mocks.yaml', 'moclojer.yml', 'moclojer.yaml']

function pathsOf(given: readonly string[], { config = [] }: MockOptions): readonly string[] {
  const named = [...given, ...config]
  if (named.length > 0) return named
  const { CONFIG, XDG_CONFIG_HOME } = process.env
  if (CONFIG) return [CONFIG]
  const own = join(XDG_CONFIG_HOME || join(homedir(), '.config'), 'moclojer.yml')
  return [...USUAL, own].filter(path => existsSync(path)).slice(0, 1)
}

function ended(gateway: Gateway, lines: MockLines, isVerified: boolean): number {
  const { journal, books = [] } = gateway.mocks ?? {}
  const unused = books.flatMap(({ set }) => MockJournal.unusedIn(set))
  const { received = 0, unmatched = 0 } = journal ?? {}
  lines.summary({ received, unmatched, unused: isVerified ? unused : [] })
  return isVerified && (unmatched > 0 || unused.length > 0) ? 1 : 0
}
