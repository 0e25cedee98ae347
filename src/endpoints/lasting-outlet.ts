import type { PushedMessage } from '../core/groups.ts'
import type { BackendLink } from './link.ts'
import type { LinkConnection } from './link-delivery.ts'

/** A link that outlives its connections. */
export interface OutletOwner {
  /** The connection there is now, or the one that is being opened. */
  readonly current: BackendLink
  /** Whether messages have to wait for another one. */
  readonly isAway: boolean
  /** Writes a message; the tag is that of an opening message that has waited. */
  handOn(data: Buffer, isBinary: boolean, compress: boolean, tag: string | undefined): void
}

/** Where messages of a lasting link go that have waited, whichever connection it has. */
export class LastingOutlet implements LinkConnection {
  readonly #owner: OutletOwner

  constructor(owner: OutletOwner) {
    this.#owner = owner
  }

  get isOpen(): boolean {
    return !this.#owner.isAway && this.#owner.current.isOpen
  }

  get isBehind(): boolean {
    return !this.isOpen || this.#owner.current.isConnectionBehind
  }

  get bufferedBytes(): number {
    return this.#owner.current.bufferedBytes
  }

  get takenBytes(): number {
    return this.#owner.current.takenBytes
  }

  send(data: Buffer, isBinary: boolean, mayCompress = true, tag?: string): void {
    this.#owner.handOn(data, isBinary, mayCompress, tag)
  }

  sendPrepared(message: PushedMessage): void {
    this.send(message.data, message.isBinary)
  }

  flush(): void {
    this.#owner.current.flush()
  }

  close(code?: number, reason = ''): void {
    this.#owner.current.close(code, reason)
  }
}
