import { connect, type Socket, type TcpNetConnectOpts } from 'node:net'
import type { Duplex } from 'node:stream'

/** As much as one read brings at most; all sockets read into the same memory, one after another. */
const READ_BYTES = 64 * 1024
const memory = Buffer.allocUnsafeSlow(READ_BYTES)

const taker = Symbol('direct reads')
type Direct = Duplex & { [taker]?: (this: Duplex, chunk: Buffer) => void }

/**
 * Connects a TCP socket whose reads can be had without the stream around it (`onread` of `net.connect`): no memory is
 * set aside for more than was read, and nothing is scheduled for each read (`benchmarks/relay.bench.ts`). It is a
 * stream like any other until `takeDirectly`, and so is what waits in it then.
 */
export function connectDirect(options: TcpNetConnectOpts & { socketPath?: string; path?: string }): Socket {
  const socket: Socket & Direct = connect({
    ...options,
    // What `http` calls the path is that of the request.
    path: options.socketPath,
    onread: {
      buffer: memory,
      callback(bytes) {
        const chunk = Buffer.allocUnsafe(bytes)
        memory.copy(chunk, 0, 0, bytes)
        const take = socket[taker]
        if (!take || socket.readableLength > 0) return socket.push(chunk)
        take.call(socket, chunk)
        return true
      },
    },
  } as TcpNetConnectOpts)
  return socket
}

/** Has what a socket reads from now on given to a function; does nothing where only the stream has it. */
export function takeDirectly(socket: Duplex, take: (this: Duplex, chunk: Buffer) => void): void {
  ;(socket as Direct)[taker] = take
}
