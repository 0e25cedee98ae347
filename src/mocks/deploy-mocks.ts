import type { Lifecycle } from '../core/ports.ts'
import type { Build, ServedService } from '../language/declare.ts'
import { Diagnostics, format } from '../language/diagnostic.ts'
import type { Source } from '../language/source.ts'
import type { ListenerAddress } from '../websocket/options.ts'
import { MockBook } from './mock-book.ts'
import { MockJournal, type ReceivedByMock } from './mock-journal.ts'
import { mockServices } from './mock-services.ts'
import type { MockSources } from './mock-sources.ts'
import { MockWatch } from './mock-watch.ts'
import { type MockFile, readMocks } from './read-mocks.ts'

/** The mocks of a configuration, and how they are served. */
export interface MockPlan {
  readonly sources: MockSources
  /** The listener of files that ask for none; without it that of the HTTP transport. */
  readonly listener?: ListenerAddress
  /** A file with answers for the operations of an OpenAPI description. */
  readonly answers?: string
  /** Whether messages are kept for who asks. */
  readonly keeps?: boolean
  /** Hears of each message that comes. */
  readonly tell?: (entry: ReceivedByMock) => void
  /** Hears that other mocks are served now, or why they are not; without it that is logged. */
  readonly renewed?: (problem: string | undefined) => void
}

/** Mocks that were made services. */
export interface DeployedMocks {
  readonly services: readonly ServedService[]
  readonly activities: readonly Lifecycle[]
  readonly books: readonly MockBook[]
  /** What came to them. */
  readonly journal: MockJournal
  readonly files: readonly Source[]
}

/** Reads mocks and makes services of them; what is wrong with them is reported. */
export function deployMocks(plan: MockPlan, build: Build, diagnostics: Diagnostics): DeployedMocks {
  const { sources } = plan
  const files = sources.read()
  const journal = new MockJournal(plan.keeps === true, plan.tell)
  const books = new Map<string, MockBook>()
  const services: ServedService[] = []
  for (const [key, group] of byListener(filesOf(files, plan, diagnostics))) {
    const own = group[0]!.listen ?? plan.listener
    const book = new MockBook(group, diagnostics, { log: build.log, isRoot: own !== undefined, journal })
    books.set(key, book)
    const name = own && !plan.listener ? `port ${own.port}` : 'mocks'
    services.push(...mockServices(book, { name, listener: own ?? 'http', span: group[0]!.span }, build))
  }
  const watch = new MockWatch(sources, files, {
    log: build.log,
    changed: changed => renew(changed, { plan, books, build }),
    ended: () => {
      for (const book of books.values()) book.end()
    },
  })
  return { services, activities: books.size > 0 ? [watch] : [], books: [...books.values()], journal, files }
}

function filesOf(files: readonly Source[], { answers }: MockPlan, diagnostics: Diagnostics): MockFile[] {
  return files.flatMap(file => readMocks(file, diagnostics, answers) ?? [])
}

function byListener(files: readonly MockFile[]): Map<string, MockFile[]> {
  return Map.groupBy(files, ({ listen }) => (listen ? `${listen.host ?? ''}:${listen.port}` : ''))
}

/** Serves what the files have now; where they have errors, what was served stays. */
function renew(
  files: readonly Source[],
  { plan, books, build }: { plan: MockPlan; books: ReadonlyMap<string, MockBook>; build: Build },
): void {
  const diagnostics = new Diagnostics()
  const read = byListener(filesOf(files, plan, diagnostics))
  if (diagnostics.errors > 0) {
    const found = diagnostics.all().filter(({ severity }) => severity === 'error')
    const problem = found.map(format).join('\n')
    if (plan.renewed) plan.renewed(problem)
    else build.log.error({}, `the mocks were not renewed:\n${problem}`)
    return
  }
  for (const [key, book] of books) {
    const before = pathsOf(book)
    book.replace(read.get(key) ?? [])
    const added = [...pathsOf(book)].filter(path => !before.has(path))
    if (!book.isRoot && added.length > 0)
      build.log.warn({}, `new paths of mocks are served after a restart: ${added.join(', ')}`)
  }
  for (const key of read.keys())
    if (!books.has(key)) build.log.warn({}, `a new listener of mocks is opened after a restart: ${key}`)
  if (plan.renewed) plan.renewed(undefined)
  else build.log.info({}, 'the mocks were renewed')
}

function pathsOf({ set: { webSockets, endpoints } }: MockBook): Set<string> {
  return new Set([
    ...webSockets.map(({ address }) => `ws ${address.path.servedAt}`),
    ...endpoints.map(({ address }) => `http ${address.path.servedAt}`),
  ])
}
