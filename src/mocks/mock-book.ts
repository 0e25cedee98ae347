import type { Logger } from '../core/logger.ts'
import type { Session } from '../core/session.ts'
import type { Diagnostics } from '../language/diagnostic.ts'
import type { Conversation } from './conversation.ts'
import type { MockJournal } from './mock-journal.ts'
import { MockSet } from './mock-set.ts'
import type { MockFile } from './read-mocks.ts'

/** What a listener's mocks are served with. */
export interface MockBookOptions {
  readonly log: Logger
  /** Whether nothing else is served there: it has a home page, and every path is its own. */
  readonly isRoot: boolean
  readonly journal: MockJournal
}

/** The mocks of a listener: those of now, who talks to them, and what came. */
export class MockBook {
  readonly log: Logger
  readonly isRoot: boolean
  readonly journal: MockJournal
  /** Ends what goes on beside the messages. */
  readonly ending = new AbortController()
  readonly conversations = new WeakMap<Session, Conversation>()
  readonly open = new Set<Conversation>()
  #set: MockSet

  constructor(files: readonly MockFile[], diagnostics: Diagnostics, options: MockBookOptions) {
    this.log = options.log
    this.isRoot = options.isRoot
    this.journal = options.journal
    this.#set = setOf(files)
    this.#set.check(diagnostics)
  }

  /** The mocks of now. */
  get set(): MockSet {
    return this.#set
  }

  /** The subprotocols of all its WebSockets. */
  get subprotocols(): readonly string[] {
    return this.#set.webSockets.flatMap(({ subprotocols }) => subprotocols)
  }

  /** Serves other mocks from now on; sockets stay open, and their next message is answered by the new ones. */
  replace(files: readonly MockFile[]): void {
    const before = this.#set
    this.#set = setOf(files)
    this.#set.goOnFrom(before)
    for (const conversation of this.open) conversation.renew()
  }

  /** Ends what goes on beside the messages: pushes, and webhooks that wait. */
  end(): void {
    this.ending.abort()
    for (const conversation of this.open) conversation.end()
  }
}

function setOf(files: readonly MockFile[]): MockSet {
  return new MockSet(
    files.flatMap(({ webSockets }) => webSockets),
    files.flatMap(({ endpoints }) => endpoints),
  )
}
