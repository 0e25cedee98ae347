import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'

/**
 * Gives a function that sends text and holds it back until the turn of the event loop ends, so that all messages of a
 * turn leave in one write. It reaches for a field of the library that is not public: nothing else would do.
 */
export function corking(to: WebSocket): (text: string) => void {
  let isHeld = false
  const release = (): void => {
    isHeld = false
    socketOf(to)?.uncork()
  }
  return text => {
    if (!isHeld) {
      isHeld = true
      socketOf(to)?.cork()
      setImmediate(release)
    }
    to.send(text)
  }
}

function socketOf(webSocket: WebSocket): Socket | undefined {
  return (webSocket as unknown as { _socket?: Socket })._socket
}
