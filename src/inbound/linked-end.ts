import type { MessageContext } from '../core/context.ts'
import { ABNORMAL, closeForBackend, type RelayedClose, SERVICE_RESTART } from '../websocket/close-codes.ts'
import type { SessionLinks } from './session-links.ts'

/** Messages of one side that are still under way. */
export interface Underway {
  readonly isIdle: boolean
  /** Resolves when there are none. */
  idle(): Promise<void>
}

/**
 * How the end of one side of a session reaches the other: behind what came before it, or when the time for that is up.
 * There is one from the moment a side begins to leave.
 */
export class LinkedEnd {
  readonly #links: SessionLinks
  readonly #deadlineMs: number
  /** The close this side began. */
  #begun: RelayedClose | undefined
  /** What backends are told once the client has begun to leave. */
  #told: RelayedClose | undefined
  #deadline: NodeJS.Timeout | undefined

  /** `deadlineMs` is how long what came before the end of one side may take to reach the other, in milliseconds. */
  constructor(links: SessionLinks, deadlineMs: number) {
    this.#links = links
    this.#deadlineMs = deadlineMs
  }

  /** Whether the client has begun to leave, or has left. */
  get isClientLeaving(): boolean {
    return this.#told !== undefined
  }

  /** This side closes the client. */
  begin(close: RelayedClose): void {
    this.#begun = close
  }

  /**
   * The client is leaving, or has left; `isQuiet` where all it sent has ended. Gives what its backends are told, unless
   * the terminate message says otherwise: they are closed when that has ended, or when time is up.
   */
  clientLeaves(code: number, reason: string, isQuiet: boolean): RelayedClose {
    // A client that does not answer our close frame was closed all the same.
    const ended = code === ABNORMAL && this.#begun ? this.#begun : closeForBackend(code, reason)
    // To a backend we are the client, and clients do not restart services.
    const told = this.#begun && ended.code === SERVICE_RESTART ? { code: 1001, reason: ended.reason } : ended
    this.#told = told
    if (code === ABNORMAL || isQuiet) this.#links.giveUpDialing()
    this.#setDeadline(() => this.#links.closeAll(told.code, told.reason))
    return told
  }

  /** The terminate message has ended: backends are closed with what it says. */
  terminated(ctx: MessageContext): void {
    clearTimeout(this.#deadline)
    const extra = ctx.transportIfAny?.extra
    const code = extra?.get('websocket.close.code')
    this.#links.closeAll(
      code === undefined ? undefined : Number(code),
      String(extra?.get('websocket.reason.text') ?? ''),
    )
  }

  /** A backend is gone: closes the client once what it sent is through, or time is up. */
  backendLeaves(underway: Underway, close: () => void): void {
    if (underway.isIdle) {
      close()
      return
    }
    if (!this.#told) this.#setDeadline(close)
    void underway.idle().then(close)
  }

  #setDeadline(timeIsUp: () => void): void {
    clearTimeout(this.#deadline)
    this.#deadline = setTimeout(timeIsUp, this.#deadlineMs).unref()
  }
}
