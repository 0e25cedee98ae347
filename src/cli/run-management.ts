import { isFirstWorker, workerNumber } from '../cluster/worker.ts'
import type { Ledger } from '../core/ledger.ts'
import type { Logger } from '../core/logger.ts'
import type { Gateway } from '../gateway.ts'
import { TOKEN_VARIABLE } from '../management/run-folder.ts'
import { version } from './version.ts'

/** The management API of a gateway that runs, and what it leaves behind. */
export interface RunningManagement {
  /** Keeps the last ledger for commands that ask when the process has gone. */
  keep(ledger: Ledger): Promise<void>
  close(): Promise<void>
}

/** Opens the management API. One that cannot be opened does not keep the gateway from its work, and says so. */
export async function openManagement(
  gateway: Gateway,
  { paths, log, stop }: { paths: readonly string[]; log: Logger; stop(how: 'drain' | 'shutdown'): void },
): Promise<RunningManagement> {
  const { settings } = gateway
  let url: string | undefined
  let close = async (): Promise<void> => {}
  if (settings.get('management_api.enable')) {
    const opened = await open(gateway, { paths, log, stop })
    url = opened?.url
    close = opened?.close ?? close
  }
  return {
    close,
    async keep(ledger) {
      const { keepLedger } = await import('../management/kept-ledgers.ts')
      try {
        const { dataFolder } = settings.storage()
        keepLedger({ ...ledger, pid: process.pid, url, paths: [...paths] }, dataFolder)
      } catch (error) {
        log.info({}, `the ledger is not kept for \`myelin ledger\`: ${(error as Error).message}`)
      }
    },
  }
}

async function open(
  gateway: Gateway,
  { paths, log, stop }: Parameters<typeof openManagement>[1],
): Promise<{ url: string; close(): Promise<void> } | undefined> {
  const [{ startManagement }, { newToken }, { leaveEntry }] = await Promise.all([
    import('../management/server.ts'),
    import('../management/access.ts'),
    import('../management/run-folder.ts'),
  ])
  const { settings } = gateway
  const configured = settings.get('management_api.port')
  // Each worker has a ledger of its own, and one of them the port.
  const port = configured === 0 || !isFirstWorker() ? 0 : configured + settings.get('server.offset')
  const host = settings.get('management_api.host')
  const token = process.env[TOKEN_VARIABLE] || newToken()
  try {
    const management = await startManagement(gateway, { port, host, localToken: token, version, log, stop })
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
      async close() {
        await management.close()
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
