import type { Admitted, Gate, GateEntry, GateRefusal } from '../core/access/gate.ts'
import { tokenInMessage } from '../core/access/token-place.ts'
import type { Service } from '../core/ports.ts'
import type { Handshake } from '../core/session.ts'
import type { QuietLog } from './quiet-log.ts'

/** The session whose client is looked at. */
export interface AccessedSession {
  readonly id: string
  readonly isOpen: boolean
  readonly handshake: Handshake
  readonly service: Service
  /** The client is known, or is known anew. */
  admitted(identity: Admitted, isFirst: boolean): void
  /** Reads nothing more from the client, or goes on. */
  holdReading(isHeld: boolean): void
  /** Takes a message that came before it was known who the client is. */
  take(data: Buffer, isBinary: boolean): void
  close(code: number, reason: string): void
}

/** What may come in while a first message is looked at, before reading stops. */
const MOST_EARLY_MESSAGES = 256
const MOST_EARLY_BYTES = 1024 * 1024
/** The longest a timer runs, in milliseconds. */
const LONGEST_TIMER_MS = 2_147_483_647

/** Whether a session may go on: until its client's credentials end, unless a message renews them. */
export class SessionAccess {
  readonly #gate: Gate
  readonly #session: AccessedSession
  readonly #log: QuietLog
  #isPending: boolean
  #isChecking = false
  #timer: NodeJS.Timeout | undefined
  #early: (readonly [data: Buffer, isBinary: boolean])[] = []
  #earlyBytes = 0

  constructor(gate: Gate, session: AccessedSession, log: QuietLog) {
    this.#gate = gate
    this.#session = session
    this.#log = log
    this.#isPending = session.handshake.identity === undefined
  }

  /** Whether it is not known yet who the client is: nothing runs for it, and it gets nothing. */
  get isPending(): boolean {
    return this.#isPending
  }

  /** Begins to wait: for the first message, or for the end of the credentials. */
  start(): void {
    if (this.#isPending) {
      const { firstMessageMs } = this.#terms
      this.#timer = setTimeout(() => this.#end('no credentials came in time'), firstMessageMs)
    } else this.#await(this.#session.handshake.identity!)
  }

  /** Takes a message that is about who the client is; false for one that is not. */
  takes(data: Buffer, isBinary: boolean): boolean {
    if (!this.#isPending) return this.#renews(data, isBinary)
    if (this.#isChecking) {
      this.#early.push([data, isBinary])
      this.#earlyBytes += data.length
      if (this.#early.length > MOST_EARLY_MESSAGES || this.#earlyBytes > MOST_EARLY_BYTES)
        this.#end('too much came before it was known who the client is')
      return true
    }
    const token = isBinary ? undefined : this.#firstToken(data)
    if (token === undefined) this.#end('the first message has no credentials')
    else this.#check(token)
    return true
  }

  /** A message of a client that nobody knows is long already, and not complete. */
  refuseLong(): void {
    this.#end('a message is too long before it is known who the client is')
  }

  /** The session is over. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#early = []
  }

  get #terms(): GateEntry {
    return this.#session.handshake.identity?.terms ?? this.#gate.waiting!
  }

  #firstToken(data: Buffer): string | undefined {
    for (const key of this.#gate.messageKeys) {
      const token = tokenInMessage(data, key)
      if (token !== undefined) return token
    }
    return undefined
  }

  #check(token: string): void {
    const session = this.#session
    this.#isChecking = true
    session.holdReading(true)
    void this.#gate.take(token, session.handshake.remoteAddress).then(found => {
      this.#isChecking = false
      if (!session.isOpen) return
      if ('status' in found) this.#refuse(found)
      else this.#letIn(found)
      session.holdReading(false)
    })
  }

  #letIn(identity: Admitted): void {
    this.#isPending = false
    this.#session.admitted(identity, true)
    this.#await(identity)
    for (const [data, isBinary] of this.#early.splice(0)) {
      if (!this.#session.isOpen) this.#discard()
      else if (!this.takes(data, isBinary)) this.#session.take(data, isBinary)
    }
  }

  #discard(): void {
    const { counters } = this.#session.service
    counters.received++
    counters.ended.discarded++
  }

  #renews(data: Buffer, isBinary: boolean): boolean {
    const { renewal } = this.#terms
    const token = isBinary || renewal === undefined ? undefined : tokenInMessage(data, renewal)
    if (token === undefined) return false
    // One at a time: who sends the next one before has to send it again.
    if (!this.#isChecking) this.#renew(token)
    return true
  }

  #renew(token: string): void {
    const session = this.#session
    this.#isChecking = true
    void this.#gate.take(token, session.handshake.remoteAddress).then(found => {
      this.#isChecking = false
      if (!session.isOpen) return
      if ('status' in found) {
        // The old one is still good where nobody can say anything of the new one.
        if (found.status === 401 || found.status === 403) this.#refuse(found)
        else this.#warn(found.message, found.detail)
      } else if (found.user !== session.handshake.identity!.user)
        this.#end('the new credentials are of another user')
      else {
        session.admitted(found, false)
        this.#await(found)
      }
    })
  }

  /** Ends the session with its credentials. */
  #await({ until }: Admitted): void {
    clearTimeout(this.#timer)
    if (until === undefined) return
    const leftMs = until - Date.now()
    this.#timer = setTimeout(
      () => {
        if (until <= Date.now()) this.#end('the credentials have expired')
        else this.#await(this.#session.handshake.identity!)
      },
      Math.min(Math.max(1, leftMs), LONGEST_TIMER_MS),
    )
  }

  #refuse({ status, message, detail }: GateRefusal): void {
    this.#warn(message, detail)
    this.#close(status === 401 || status === 403 ? this.#terms.closeCode : 1013, message)
  }

  #end(reason: string): void {
    this.#warn(reason, reason)
    this.#close(this.#terms.closeCode, reason)
  }

  #close(code: number, reason: string): void {
    const { service } = this.#session
    if (this.#isPending) {
      service.counters.received++
      service.counters.ended.refused++
    }
    this.stop()
    this.#session.close(code, reason)
  }

  #warn(kind: string, detail: string): void {
    const { id, service, handshake } = this.#session
    this.#log.warn(kind, { session: id }, `${service.label}client ${handshake.remoteAddress}: ${detail}`)
  }
}
