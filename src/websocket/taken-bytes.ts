import type { Socket } from 'node:net'

/** What Node.js keeps of a socket, and asks itself when it looks whether a write goes on. */
interface Handle {
  readonly bytesWritten?: number
  readonly writeQueueSize?: number
  /** Of TLS: what is below it. */
  readonly _parent?: Handle
}

/**
 * Bytes of a socket that the operating system has taken so far, those of a write that is under way included. Where
 * Node.js does not tell of these, those of writes that are done.
 */
export function takenBytes(socket: Socket): number {
  const { _handle: own } = socket as { readonly _handle?: Handle | null }
  const { bytesWritten, writeQueueSize } = own?._parent ?? own ?? {}
  if (bytesWritten !== undefined && writeQueueSize !== undefined) return bytesWritten - writeQueueSize
  return socket.bytesWritten - socket.writableLength
}
