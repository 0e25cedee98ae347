import { isFirstWorker, workerNumber } from '../cluster/worker.ts'
import type { WorkerControl } from '../cluster/worker-control.ts'
import type { Ledger } from '../core/ledger.ts'
import type { Logger } from '../core/logger.ts'
import type { Gateway } from '../gateway.ts'
import { TOKEN_VARIABLE } from '../management/run-folder.ts'
import type { Whole } from '../management/whole.ts'
import { version } from './version.ts'

/** The management API of a gateway that runs, and what it leaves behind. */
export interface RunningManagement {
  /** Keeps the last ledger for commands that ask when the process has gone. */
  keep(ledger: Ledger): Promise<void>
  /** Ends it; those who follow a drain are told of the end, for which it waits so many milliseconds at most. */
  close(waitMs: number): Promise<void>
}

/** What the management API is opened with. */
export interface ManagementParts {
  readonly paths: readonly string[]
  readonly log: Logger
  /** The workers of the server, where this is one of them. */
  readonly control: WorkerControl | undefined
  readonly whole: Whole | undefined
  stop(how: 'drain' | 'shutdown'): void
}

/** Opens the management API. One that cannot be opened does not keep the gateway from its work, and says so. */
export async function openManagement(gateway: Gateway, parts: ManagementParts): Promise<RunningManagement> {
  const { settings } = gateway
  const { paths, log, control } = parts
  let url: string | undefined
  let close: RunningManagement['close'] = async () => {}
  if (settings.get('management_api.enable')) {
    const opened = await open(gateway, parts)
    url = opened?.url
    close = opened?.close ?? close
  }
  return {
    close,
    async keep(ledger) {
      const { keepLedger } = await import('../management/kept-ledgers.ts')
      try {
        const { dataFolder } = settings.storage()
        // Who started the workers keeps one for all.
        if (await control?.leave({ ledger, url, dataFolder, paths })) return
        keepLedger({ ...ledger, pid: process.pid, url, paths: [...paths] }, dataFolder)
      } catch (error) {
        log.warn({}, `the ledger is not kept in full for \`myelin ledger\`: ${(error as Error).message}`)
      }
    },
  }
}

async function open(
  gateway: Gateway,
  { paths, log, whole, stop }: ManagementParts,
): Promise<{ url: string; close: RunningManagement['close'] } | undefined> {
  const [{ startManagement }, { newToken }, { leaveEntry }] = await Promise.all([
    import('../management/server.ts'),
    import('../management/access.ts'),
    import('../management/run-folder.ts'),
  ])
  const { settings } = gateway
  const configured = settings.get('management_api.port')
  // Any worker tells of all, so that commands need not know which of them is there; one of them has the port.
  const port = configured === 0 || !isFirstWorker() ? 0 : configured + settings.get('server.offset')
  const host = settings.get('management_api.host')
  const token = process.env[TOKEN_VARIABLE] || newToken()
  try {
    const management = await startManagement(gateway, {
      port,
      host,
      localToken: token,
      version,
      log,
      whole,
      stop,
    })
    const { url, certificate } = management
    log.info({ url }, `management API at ${url}/management`)
    const worker = workerNumber()
    const leave = (): (() => void) =>
      leaveEntry({
        url,
        pid: process.pid,
        node: gateway.nodeId,
        token,
        paths,
        startedAt: Date.now(),
        ...(certificate !== undefined && { certificate }),
        ...(worker !== undefined && { server: process.ppid }),
      })
    const forget = attempt(leave, log)
    return {
      url,
      async close(waitMs) {
        await management.close(waitMs)
        forget?.()
      },
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const reason = code === 'EADDRINUSE' ? 'the port is in use' : message
    log.error(
      { port },
      `the management API is not served on port ${port}: ${reason} (setting management_api.port)`,
    )
    return undefined
  }
}

/** Without a place to write to, commands need the address and a token. */
function attempt(leave: () => () => void, log: Logger): (() => void) | undefined {
  try {
    return leave()
  } catch (error) {
    log.info({}, `commands on this machine need --url and --token: ${(error as Error).message}`)
    return undefined
  }
}
