import type { Logger } from '../core/logger.ts'
import { type Configuration, Gateway, loadWithArchives } from '../gateway.ts'
import { format } from '../language/diagnostic.ts'
import { openLog } from '../log.ts'
import { startProbes } from '../management/probes.ts'
import { version } from './version.ts'

/** Runs a gateway until SIGTERM or SIGINT tells it to stop; gives the exit code. */
export async function run(paths: readonly string[]): Promise<number> {
  const configuration = await loadWithArchives(paths.length > 0 ? paths : ['config'])
  const { problems } = configuration.loaded
  if (problems.length > 0) return fail(problems.join('\n'))
  const { log, close } = await openLog({
    level: configuration.settings.get('myelin.log.level'),
    isReadable: process.stdout.isTTY === true,
  })
  try {
    return await serve(configuration, log)
  } finally {
    await close()
  }
}

async function serve(configuration: Configuration, log: Logger): Promise<number> {
  const gateway = new Gateway(configuration, log)
  const { diagnostics, settings } = gateway
  for (const { path, reason } of configuration.loaded.skipped)
    log.debug({ path }, `left aside: ${path} (${reason})`)
  for (const diagnostic of diagnostics.all()) {
    if (diagnostic.severity !== 'note') console.error(format(diagnostic))
  }
  const isRefused = diagnostics.errors > 0 && settings.get('myelin.strict')
  if (isRefused) return fail('the configuration has errors, and the setting myelin.strict is on')
  if (!gateway.hasServices)
    return fail(
      'the configuration has nothing to serve: no proxy service, API, inbound endpoint, task or message processor',
    )

  const stopped = Promise.race([stopSignal(log), bug(log)])
  await gateway.start()
  const closeProbes = await openProbes(gateway, log)
  for (const { what, url } of gateway.listening) log.info({ url }, `${what} at ${url}`)
  log.info({ ms: Math.round(performance.now()) }, 'ready')

  const exitCode = await stopped
  const deadline = performance.now() + settings.get('myelin.shutdown_grace_ms')
  await gateway.stop(settings.get('myelin.shutdown_grace_ms'))
  await closeProbes()
  for (const [service, { received, inFlight, ended, slow, takeover }] of gateway.counters) {
    log.info(
      { service, received, inFlight, ...ended, slow, takeover },
      `${service}: ${received} messages received`,
    )
  }
  log.info({}, 'stopped')
  exitBy(deadline)
  return exitCode
}

/** Time to write the last lines of the log, whatever else the time for stopping was spent on. */
const LAST_WORDS_MS = 1_000

/** Backends that do not answer our goodbye, or never answered at all, do not keep the process alive any longer. */
function exitBy(deadline: number): void {
  setTimeout(() => process.exit(), Math.max(LAST_WORDS_MS, deadline - performance.now())).unref()
}

/** Resolves with 1 when something was thrown that nobody caught: what is under way still ends in order. */
function bug(log: Logger): Promise<number> {
  return new Promise(resolve => {
    process.on('uncaughtException', error => {
      log.fatal({ err: error }, `a bug: ${error.message}; the gateway stops`)
      resolve(1)
    })
  })
}

/** Two signals closer together than this are one: a terminal and a launcher may both pass it on. */
const SAME_SIGNAL_MS = 500

/** Resolves with 0 at the first signal to stop; another one later ends the process at once. */
function stopSignal(log: Logger): Promise<number> {
  return new Promise(resolve => {
    let firstMs: number | undefined
    const onSignal = (signal: NodeJS.Signals): void => {
      if (firstMs === undefined) {
        firstMs = performance.now()
        log.info({ signal }, 'stopping: no new connections; messages under way end first')
        resolve(0)
      } else if (performance.now() - firstMs > SAME_SIGNAL_MS) {
        process.exit(1)
      }
    }
    process.on('SIGTERM', onSignal).on('SIGINT', onSignal)
  })
}

/** Probes that cannot be opened do not keep the gateway from its work, and say so. */
async function openProbes(gateway: Gateway, log: Logger): Promise<() => Promise<void>> {
  const { settings } = gateway
  if (!settings.get('management.probe.enable')) return async () => {}
  const configured = settings.get('management.probe.port')
  const port = configured === 0 ? 0 : configured + settings.get('server.offset')
  try {
    const probes = await startProbes(gateway, { port, host: settings.get('management.probe.host'), version })
    const url = `http://localhost:${probes.port}/healthz`
    log.info({ url }, `probes at ${url} and /liveness`)
    return probes.close
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const reason = code === 'EADDRINUSE' ? 'the port is in use' : message
    log.error(
      { port },
      `the probes are not served on port ${port}: ${reason} (setting management.probe.port)`,
    )
    return async () => {}
  }
}

function fail(message: string): number {
  console.error(`myelin: ${message}`)
  return 1
}
