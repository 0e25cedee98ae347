import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** A socket of an HTTP server; Node keeps the response that is under way there. */
interface HttpSocket extends Socket {
  readonly _httpMessage?: ServerResponse | null
}

/** The HTTP connections of a server: those of WebSockets are not among them. */
export class OpenConnections {
  readonly #sockets = new Set<HttpSocket>()

  constructor(server: Server, isSecure: boolean) {
    const sockets = this.#sockets
    // One for all of them: there may be many.
    function forget(this: Socket): void {
      sockets.delete(this)
    }
    server.on(isSecure ? 'secureConnection' : 'connection', (socket: Socket) => {
      sockets.add(socket)
      socket.on('close', forget)
    })
    server.prependListener('upgrade', (_request, socket) => {
      sockets.delete(socket as Socket)
      socket.off('close', forget)
    })
  }

  /** How many requests have no complete answer. */
  get busy(): number {
    let count = 0
    for (const { _httpMessage: response } of this.#sockets) if (response) count++
    return count
  }

  /** Cuts them all. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Has the answers that have not begun say that their connection ends with them. */
  endWithAnswers(): void {
    for (const { _httpMessage: response } of this.#sockets)
      if (response && !response.headersSent) response.shouldKeepAlive = false
  }
}
