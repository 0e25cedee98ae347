import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Service } from '../core/ports.ts'
import type { LinkLoss } from '../core/session.ts'
import { NOBODY } from '../sequences/internal.ts'
import { type Recipient, SlowDelivery } from '../websocket/slow-delivery.ts'
import type { ReaderNames } from '../websocket/slow-outbox.ts'
import type { SlowReaders } from '../websocket/slow-readers.ts'

/** What a link does while its backend reads slower than it is sent to, and where that is counted. */
export interface SlowLink {
  readonly readers: SlowReaders
  readonly service: Service
  /** The client it is for, where it is for one. */
  readonly session: string | undefined
  /** Whether messages wait with the owner of the link, which outlives it. */
  readonly isKeptByOwner?: boolean
}

/** The link it is for. */
export interface SlowLinkOwner {
  readonly address: string
  /** It can be sent more, after a time when it was full. */
  hasRoom(): void
  /** Closes the link, without what waits: the backend is too slow. */
  giveUp(): void
}

/** What messages leave over: one connection, or whichever there is. */
export type LinkConnection = Recipient['connection']

/** What goes to one backend, by a policy other than to wait for it. */
export class LinkDelivery implements Recipient {
  readonly service: Service
  readonly connection: LinkConnection
  readonly origin = NOBODY
  readonly #link: SlowLinkOwner
  readonly #slow: SlowLink
  readonly #delivery: SlowDelivery

  constructor(link: SlowLinkOwner, connection: LinkConnection, slow: SlowLink) {
    this.#link = link
    this.connection = connection
    this.service = slow.service
    this.#slow = slow
    this.#delivery = new SlowDelivery(this, slow.readers)
  }

  /** Whether something waits outside the connection. */
  get isWaiting(): boolean {
    return this.#delivery.isWaiting
  }

  /** How many messages wait outside the connection. */
  get size(): number {
    return this.#delivery.size
  }

  /** Whether as much waits as may: the source should stop. */
  get isFull(): boolean {
    return this.#delivery.isFull
  }

  /**
   * Ends the link where the policy is to close, and too much waits.
   * @throws Fault 101509 for the message that was to be sent
   */
  closeIfSlow(): void {
    const { readers, service } = this.#slow
    if (readers.policy !== 'close' || !this.connection.isOpen || !this.#delivery.isFarBehind) return
    const { address } = this.#link
    service.counters.slow.close++
    service.log.warn(
      { ...this.names.fields, policy: 'close' },
      `${service.label}the connection to ${address} was closed: it does not read what it is sent (1013)`,
    )
    this.#link.giveUp()
    throw tooSlow(address)
  }

  /** Sends a message, or has it wait. */
  send(data: Buffer, isBinary: boolean, compress: boolean, ctx?: MessageContext, tag?: string): void {
    this.#delivery.send(data, isBinary, compress, ctx, tag)
  }

  /** The connection has taken what it had. */
  drained(): void {
    if (this.#delivery.isWaiting) this.#delivery.feed()
    else this.#link.hasRoom()
  }

  /** Lets go of what waits, and counts it. */
  clear(): void {
    this.#delivery.clear()
  }

  /** Lets go of what waits, and gives how many messages that were: they are counted elsewhere. */
  forget(): number {
    return this.#delivery.forget()
  }

  /** Closes the connection, behind what waits. */
  end(code: number | undefined, reason: string): void {
    this.#delivery.close(code, reason)
  }

  // — what the delivery asks of who it is for —

  get names(): ReaderNames {
    const { address } = this.#link
    const { session } = this.#slow
    return {
      fields: session === undefined ? { backend: address } : { session, backend: address },
      who: `the slow backend ${address}`,
      setting: 'policy of <slow>:',
    }
  }

  holdUp(isHeldUp: boolean): void {
    if (!isHeldUp) this.#link.hasRoom()
  }

  outboxEmptied(): void {
    this.#delivery.emptied()
    this.#link.hasRoom()
  }

  giveUp(): void {
    this.#delivery.giveUp()
  }

  close(): void {
    this.#link.giveUp()
  }
}

/** The fault of a message that is not sent because its backend reads too slowly. */
function tooSlow(address: string): Fault {
  return new Fault(101509, `${address} reads too slowly: the connection to it was closed`)
}

/** Says how a link that was closed since its backend reads too slowly is told to the fault sequence, and to the client. */
export function lossBySlowness(address: string): LinkLoss {
  return { fault: tooSlow(address), code: 1013, reason: 'backend too slow', properties: {} }
}
