// Opens a connection of its own to a backend for each client, and passes everything on, both ways at once.
//   bin/myelin backend
//   bin/myelin run examples/applications/proxy.ts
//   bin/myelin ws ws://localhost:8280/proxy
import { type Caller, type Client, ConnectionClosureError, close, connect, service } from 'myelin'

const BACKEND = 'ws://localhost:8082/websocket'
const unreachable = close(1014, 'the backend cannot be reached')

const backendOf = (caller: Caller): Client | undefined => caller.getAttribute('backend') as Client | undefined

/** Passes on what the backend sends, and how it ends. */
async function relay(backend: Client, caller: Caller): Promise<void> {
  try {
    for await (const message of backend) await caller.writeMessage(message)
  } catch (error) {
    if (!(error instanceof ConnectionClosureError)) await backend.close(1011, 'a message was not passed on')
  }
  const { code, reason } = await backend.closed
  const end = code === 1006 ? unreachable : close(code === 1005 ? 1000 : code, reason)
  await caller.close(end.code, end.reason)
}

export default service({
  basePath: '/proxy',

  async onOpen(caller) {
    try {
      const backend = await connect(BACKEND)
      caller.setAttribute('backend', backend)
      void relay(backend, caller)
      return undefined
    } catch {
      return unreachable
    }
  },

  onMessage: (caller, data: string | Buffer) => backendOf(caller)?.writeMessage(data),

  async onClose(caller, code, reason) {
    if (code === 1006) await backendOf(caller)?.close(1001, 'client connection lost')
    else await backendOf(caller)?.close(code === 1005 ? 1000 : code, reason)
  },
})
