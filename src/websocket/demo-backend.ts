import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { accept, acceptOptions, announceChoices, chooseSubprotocol } from './accept.ts'
import type { Connection } from './connection.ts'

/** Where the demo backend listens, and who is told about each message. */
export interface DemoBackendOptions {
  /** Name or address; a name with several addresses, as localhost often has, is served on all of them. */
  readonly host: string
  /** 0 takes a free port. */
  readonly port: number
  /** Gets one line per message received. */
  readonly log: (line: string) => void
}

/** A running demo backend. */
export interface DemoBackend {
  readonly port: number
  /** Closes its connections with 1001 and frees the port. */
  close(): Promise<void>
}

const SHOWN_CHARACTERS = 200
/** Reading stops while a client leaves this much unread. */
const MAX_BUFFERED_BYTES = 1024 * 1024

/**
 * Starts a WebSocket server that answers text in upper case and sends binary messages back unchanged. Every path is
 * served, and of the subprotocols a client offers the first is chosen.
 *
 * @throws the error of `listen`, such as EADDRINUSE
 */
export async function startDemoBackend(options: DemoBackendOptions): Promise<DemoBackend> {
  const webSockets = new WebSocketServer({ noServer: true, ...acceptOptions() })
  announceChoices(webSockets)
  const connections = new Set<Connection>()
  const servers: Server[] = []
  const close = async (): Promise<void> => {
    for (const connection of connections) connection.close(1001, 'shutdown')
    await Promise.all(servers.map(stop))
  }
  let port = options.port
  try {
    const found = await lookup(options.host, { all: true, order: 'ipv4first' })
    const addresses = new Set(found.map(each => each.address))
    for (const address of addresses) {
      const server = serve(webSockets, connections, options.log)
      // A machine without IPv6 may still call ::1 localhost: one address that works is enough.
      if (!(await listens(server, port, address, servers.length > 0))) continue
      servers.push(server)
      port = (server.address() as AddressInfo).port
    }
  } catch (error) {
    await close()
    throw error
  }
  return { port, close }
}

async function listens(
  server: Server,
  port: number,
  address: string,
  mayBeAbsent: boolean,
): Promise<boolean> {
  try {
    await once(server.listen(port, address), 'listening')
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (mayBeAbsent && (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT')) return false
    throw error
  }
}

function serve(
  webSockets: WebSocketServer,
  connections: Set<Connection>,
  log: (line: string) => void,
): Server {
  const server = process.getBuiltinModule('node:http').createServer((_request, response) => {
    response.writeHead(426, { connection: 'upgrade', upgrade: 'websocket', 'content-type': 'text/plain' })
    response.end('This is a WebSocket server.\n')
  })
  server.on('upgrade', (request, socket, head) => {
    const subprotocol = chooseSubprotocol(request, () => true)
    webSockets.handleUpgrade(request, socket, head, webSocket => {
      const connection = accept(
        webSocket,
        request,
        { subprotocol },
        {
          onMessage: (data, isBinary) => {
            log(describe(data, isBinary))
            connection.send(isBinary ? data : data.toString().toUpperCase(), isBinary)
            if (connection.bufferedBytes > MAX_BUFFERED_BYTES) connection.pause()
          },
          onDrain: () => connection.resume(),
          onClose: () => connections.delete(connection),
        },
      )
      connections.add(connection)
    })
  })
  return server
}

/** Ends when the last connection has: upgraded sockets count as connections of their server. */
async function stop(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}

function describe(data: Buffer, isBinary: boolean): string {
  const size = data.length === 1 ? '1 byte' : `${data.length} bytes`
  if (isBinary) return `binary, ${size}`
  // No character takes more than four bytes, so this much holds all that is shown.
  const text = data.toString('utf8', 0, SHOWN_CHARACTERS * 4)
  const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text
  return `text, ${size}: ${shown.replace(/[\x00-\x1f\x7f]/g, character => JSON.stringify(character).slice(1, -1))}`
}
