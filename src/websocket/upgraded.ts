import type { ClientRequest } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'

/**
 * What the library makes of a connection whose handshake is done. It has only the socket to give away: frames are read
 * and written by `Connection`, and nothing of the library stays with it.
 */
export class Upgraded extends WebSocket {
  #socket: Duplex | undefined

  /** Called by the library with what is left to do for it; `head` came in the same packet as the handshake. */
  setSocket(socket: Duplex, head: Buffer): void {
    if (head.length > 0) socket.unshift(head)
    this.#socket = socket
    this.emit('open')
  }

  /** Says how far the handshake has come. */
  get step(): 'TCP' | 'TLS' | 'HTTP' {
    const { _req: request } = this as unknown as { _req: ClientRequest | null }
    const socket = request?.socket as (Socket & { readonly secureConnecting?: boolean }) | null | undefined
    if (!socket || socket.connecting) return 'TCP'
    return socket.secureConnecting ? 'TLS' : 'HTTP'
  }

  /** Gives the socket, once the handshake is done. */
  get socket(): Duplex {
    if (!this.#socket) throw new Error('there is no socket before the handshake is done')
    return this.#socket
  }
}
