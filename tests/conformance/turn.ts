import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { pause } from './until.ts'

/** Held by whoever runs a case. It is no file, and is gone with its process. */
const NAME = '\0conformance-case'
const PAUSE_MS = 20

/**
 * Waits until no other process on this machine runs a case, as ports are fixed. Ends with the scope of what it gives.
 * Only Linux has such names; elsewhere there is no waiting.
 */
export async function takeTurn(onWaiting: () => void = () => {}): Promise<AsyncDisposable> {
  for (;;) {
    const server = createServer()
    try {
      if (process.platform === 'linux') await once(server.listen(NAME), 'listening')
      return { [Symbol.asyncDispose]: () => close(server) }
    } catch {
      onWaiting()
      await pause(PAUSE_MS)
    }
  }
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  server.close()
  await closed
}
