import { resolve } from 'node:path'
import { isFirstWorker, letGo, sayReady, workerNumber } from '../cluster/worker.ts'
import { controlOfThisProcess, type WorkerControl } from '../cluster/worker-control.ts'
import type { Ledger } from '../core/ledger.ts'
import type { Logger } from '../core/logger.ts'
import type { Drain, DrainPlan, DrainStep } from '../drain.ts'
import { type Configuration, Gateway, loadWithArchives } from '../gateway.ts'
import { format } from '../language/diagnostic.ts'
import { openLog } from '../log.ts'
import { accountOf } from '../management/account-of.ts'
import { startProbes } from '../management/probes.ts'
import { Whole } from '../management/whole.ts'
import type { Settings } from '../settings.ts'
import { openManagement } from './run-management.ts'
import { watchUncaught } from './uncaught.ts'
import { version } from './version.ts'

/** Runs a gateway until SIGTERM or SIGINT tells it to stop; gives the exit code. */
export async function run(given: readonly string[]): Promise<number> {
  const paths = given.length > 0 ? given : ['config']
  const configuration = await loadWithArchives(paths)
  const { problems } = configuration.loaded
  if (problems.length > 0) return fail(problems.join('\n'))
  const { log, close } = await openLog({
    level: configuration.settings.get('myelin.log.level'),
    isReadable: process.stdout.isTTY === true,
    fields: workerNumber() === undefined ? undefined : { worker: workerNumber() },
  })
  try {
    return await serve(configuration, { log, paths: paths.map(path => resolve(path)) })
  } finally {
    await close()
    letGo()
  }
}

async function serve(
  configuration: Configuration,
  { log, paths }: { readonly log: Logger; readonly paths: readonly string[] },
): Promise<number> {
  const gateway = new Gateway(configuration, log)
  const { diagnostics, settings } = gateway
  for (const { path, reason } of configuration.loaded.skipped)
    log.debug({ path }, `left aside: ${path} (${reason})`)
  for (const diagnostic of diagnostics.all()) {
    if (diagnostic.severity !== 'note' && isFirstWorker()) console.error(format(diagnostic))
  }
  const isRefused = diagnostics.errors > 0 && settings.get('myelin.strict')
  if (isRefused) return fail('the configuration has errors, and the setting myelin.strict is on')
  if (!gateway.hasServices)
    return fail(
      'the configuration has nothing to serve: no proxy service, API, inbound endpoint, task or message processor',
    )

  const asked = Promise.withResolvers<void>()
  const stopHere = (how: 'drain' | 'shutdown'): void => {
    void gateway.drain(how === 'drain' ? planOf(settings, RESTART) : AT_ONCE)
    asked.resolve()
  }
  const control = controlOfThisProcess()
  const whole = control && new Whole(gateway, control)
  control?.start({ stop: stopHere, step: step => whole?.steps.add(step as DrainStep) })
  const stop = (how: 'drain' | 'shutdown'): void => {
    control?.stopAll(how)
    stopHere(how)
  }
  const stopped = Promise.race([
    stopSignal(log),
    bug(log),
    asked.promise.then(() => ({ exitCode: 0, close: RESTART })),
  ])
  await gateway.start()
  const closeProbes = await openProbes(gateway, log)
  const management = await openManagement(gateway, { paths, log, control, whole, stop })
  for (const { what, url } of gateway.listening) log.info({ url }, `${what} at ${url}`)
  log.info({ ms: Math.round(performance.now()) }, 'ready')
  control?.report(() => accountOf(gateway))
  sayReady()

  const { exitCode, close } = await stopped
  const deadline = performance.now() + settings.get('myelin.shutdown_grace_ms')
  const draining = gateway.drain(planOf(settings, close))
  const told = control && tellSteps(control, gateway.draining!)
  const { ledger } = await draining
  await told
  await management.keep(ledger)
  await management.close(deadline - performance.now())
  await closeProbes()
  logLedger(log, ledger)
  log.info({}, 'stopped')
  control?.stop()
  exitBy(deadline)
  return exitCode
}

/** What clients are told that are to connect again: the service is back soon, or others are there. */
const RESTART = { code: 1012, reason: 'service restart' }

const AT_ONCE: DrainPlan = { graceMs: 0, announceMs: 0, spreadMs: 0 }

/** How the settings have it stop; `close` is what clients are told where they say nothing. */
function planOf(settings: Settings, close: typeof RESTART | undefined): DrainPlan {
  const code = settings.get('myelin.drain.close_code')
  const reason = code === RESTART.code ? RESTART.reason : 'shutdown'
  return {
    graceMs: settings.get('myelin.shutdown_grace_ms'),
    announceMs: settings.get('myelin.drain.announce_ms'),
    spreadMs: settings.get('myelin.drain.spread_ms'),
    close: code === undefined ? close : { code, reason },
  }
}

/** Tells who started the workers how far this one is. */
async function tellSteps(control: WorkerControl, draining: Drain): Promise<void> {
  for await (const step of draining.steps.follow())
    await new Promise<void>(resolve => control.say({ kind: 'drain step', step }, () => resolve()))
}

function logLedger(log: Logger, { services, stores }: Ledger): void {
  for (const { service, received, inFlight, ended, slow, takeover } of services)
    log.info(
      { service, received, inFlight, ...ended, slow, takeover },
      `${service}: ${received} messages received`,
    )
  for (const account of stores)
    log.info({ ...account }, `message store ${account.store}: ${account.held} messages held`)
}

/** Time to write the last lines of the log, whatever else the time for stopping was spent on. */
const LAST_WORDS_MS = 1_000

/** Backends that do not answer our goodbye, or never answered at all, do not keep the process alive any longer. */
function exitBy(deadline: number): void {
  setTimeout(() => process.exit(), Math.max(LAST_WORDS_MS, deadline - performance.now())).unref()
}

/** Why the gateway stops, as far as its end depends on it. */
interface Stop {
  readonly exitCode: number
  readonly close: typeof RESTART | undefined
}

/** Resolves with exit code 1 when the gateway threw something that nobody caught: what is under way still ends in order. */
function bug(log: Logger): Promise<Stop> {
  return new Promise(done => {
    watchUncaught(log, () => done({ exitCode: 1, close: RESTART }))
  })
}

/** Two signals closer together than this are one: a terminal and a launcher may both pass it on. */
const SAME_SIGNAL_MS = 500

/**
 * Resolves with exit code 0 at the first signal to stop; another one later ends the process at once. What sends SIGTERM
 * is about to start another one, or has others; who types Ctrl-C is not.
 */
function stopSignal(log: Logger): Promise<Stop> {
  return new Promise(done => {
    let firstMs: number | undefined
    const onSignal = (signal: NodeJS.Signals): void => {
      if (firstMs === undefined) {
        firstMs = performance.now()
        log.info({ signal }, 'stopping: no new connections; messages under way end first')
        done({ exitCode: 0, close: signal === 'SIGTERM' ? RESTART : undefined })
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
  if (!settings.get('management.probe.enable') || !isFirstWorker()) return async () => {}
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
  if (isFirstWorker()) console.error(`myelin: ${message}`)
  letGo()
  return 1
}
