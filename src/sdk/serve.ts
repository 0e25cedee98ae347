import { attachModule } from '../deployment/read-module.ts'
import { Gateway } from '../gateway.ts'
import { Diagnostics, format } from '../language/diagnostic.ts'
import { Source } from '../language/source.ts'
import { openLog } from '../log.ts'
import type { ServiceDefinition } from '../services/define-service.ts'
import { Settings } from '../settings.ts'

/** How services are served by a program of one's own. */
export interface ServeOptions {
  /** Port for those that do not listen for themselves. Default 0, which takes a free one. */
  readonly port?: number
  /** Name or address to listen on. Default localhost. */
  readonly host?: string
  /** What is logged, to standard output. Default warnings. */
  readonly log?: 'debug' | 'info' | 'warn' | 'error' | 'silent'
}

/** Services that are served. Going out of scope stops them. */
export interface ServiceServer extends AsyncDisposable {
  /** Where the first of them takes WebSockets. */
  readonly url: string
  readonly port: number
  /** Takes nothing more, ends what is under way, and closes clients with 1001. Seconds of grace: default 10. */
  stop(options?: { readonly grace?: number }): Promise<void>
  /** Ends at once. */
  kill(): Promise<void>
}

const GRACE_S = 10

/**
 * Serves services in this process, without a configuration.
 * @throws Error saying what is wrong with them, or that the port cannot be used
 */
export async function serve(
  services: ServiceDefinition | readonly ServiceDefinition[],
  { port = 0, host = 'localhost', log: level = 'warn' }: ServeOptions = {},
): Promise<ServiceServer> {
  const file = new Source('service.ts', '')
  attachModule(file, services)
  const settings = new Settings(
    new Map<string, string | number>([
      ['transport.http.listener.port', port],
      ['transport.http.listener.host', host],
    ]),
  )
  const { log } = await openLog({ level, isReadable: false })
  const loaded = { files: [file], settings: undefined, problems: [], archives: [], places: [], skipped: [] }
  const gateway = new Gateway({ loaded, settings, diagnostics: new Diagnostics() }, log)
  const wrong = gateway.diagnostics.all().filter(({ severity }) => severity === 'error')
  if (wrong.length > 0) throw new Error(wrong.map(format).join('\n'))
  await gateway.start()
  const [first] = gateway.listening.filter(({ url }) => url.startsWith('ws'))
  const url = first?.url.replace('localhost', host.includes(':') ? `[${host}]` : host) ?? ''
  const stop = (seconds: number): Promise<void> => gateway.stop(seconds * 1000)
  return {
    url,
    port: url === '' ? port : Number(new URL(url).port),
    stop: ({ grace = GRACE_S } = {}) => stop(grace),
    kill: () => stop(0),
    [Symbol.asyncDispose]: () => stop(GRACE_S),
  }
}
