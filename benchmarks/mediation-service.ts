import { Alone } from '../src/cluster/alone.ts'
import type { Logger } from '../src/core/logger.ts'
import { MessageCounters } from '../src/core/metrics.ts'
import type { Origin, Service } from '../src/core/ports.ts'
import { deploy } from '../src/deployment/deploy.ts'
import type { Resource } from '../src/language/declare.ts'
import { Diagnostics, format } from '../src/language/diagnostic.ts'
import { Source } from '../src/language/source.ts'
import { Settings } from '../src/settings.ts'

function ignore(): void {}

/** A log that takes every line and writes none. */
export const log: Logger = {
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  fatal: ignore,
  isLevelEnabled: () => true,
} as Logger

/** A caller that takes the bytes of every answer and does nothing with them. */
export const sink: Origin = {
  kind: 'http',
  request: undefined,
  reply(ctx) {
    void ctx.message.content.bytes
  },
  ended: ignore,
}

/** Compiles a sequence as the in sequence of a proxy service. @throws Error with what is wrong with it */
export function serviceOf(sequence: string): Service {
  const diagnostics = new Diagnostics()
  const settings = new Settings()
  const files = [
    new Source('bench.xml', `<sequence name="bench">${sequence}</sequence>`),
    new Source('proxy.xml', '<proxy name="bench"><target inSequence="bench"/></proxy>'),
  ]
  const context = {
    log,
    settings: {
      portOffset: 0,
      webSocket: settings.webSocket(undefined),
      httpClient: settings.httpClient(undefined),
      http: settings.http(false),
      classes: settings.classes(),
      script: settings.script(),
      storage: settings.storage(),
    },
    cluster: new Alone('bench'),
    counters: () => new MessageCounters(),
    resource: <T extends Resource>(_key: string, make: () => T): T => make(),
  }
  const { services } = deploy(files, context, diagnostics)
  if (diagnostics.errors > 0) throw new Error(diagnostics.all().map(format).join('\n'))
  return services[0]!.service
}
