import { createServer } from 'node:net'

/** The addresses of one measurement. All are on 127.0.0.1. */
export interface Ports {
  /** Where a subject takes WebSocket sessions to relay. */
  readonly relay: number
  /** Where a subject takes HTTP requests. */
  readonly http: number
  readonly probe: number
  /** Where the backend listens. */
  readonly backend: number
}

/** Finds four ports nobody listens on, below the range from which outgoing connections get theirs. */
export async function freePorts(): Promise<Ports> {
  const found = new Set<number>()
  while (found.size < 4) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    if (await isFree(port)) found.add(port)
  }
  const [relay = 0, http = 0, probe = 0, backend = 0] = found
  return { relay, http, probe, backend }
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
