import type { DrainStep } from '../drain.ts'
import { isRunning } from '../management/run-folder.ts'
import { clientFor, NobodyThere, type TargetOptions } from './management-client.ts'

/** How long a process may take to be gone after it said it has stopped. */
const GONE_MS = 15_000
const TICK_MS = 20

/**
 * Takes a gateway out of service, and prints how far it is until its process is gone; gives 0 when nothing was cut, 1
 * when something was, 2 where there is none.
 */
export async function drain(options: TargetOptions): Promise<number> {
  let last: DrainStep | undefined
  try {
    const client = clientFor(options)
    for await (const step of client.follow<DrainStep>('POST', '/drain')) {
      last = step
      console.log(options.json ? JSON.stringify(step) : lineOf(step))
    }
    if (client.pid !== undefined) await gone(client.pid)
  } catch (error) {
    if (!(error instanceof NobodyThere)) throw error
    console.error(`myelin: ${error.message}`)
    return 2
  }
  if (!last?.outcome) {
    console.error('myelin: the gateway ended before it said that it has stopped')
    return 1
  }
  return last.outcome.isClean ? 0 : 1
}

function lineOf({ ms, stage, requests, sessions, inFlight, text, workers, outcome }: DrainStep): string {
  const at = `${(ms / 1000).toFixed(1).padStart(6)} s  ${stage.padEnd(10)}`
  if (!outcome)
    return `${at}  ${workers === undefined ? '' : `workers ${workers}, `}requests ${requests}, WebSocket clients ${sessions}, messages in flight ${inFlight}: ${text}`
  if (outcome.isClean) return `${at}  nothing was cut`
  const differences = outcome.ledger.differences.map(difference => `\n  ${difference.text}`).join('')
  if (outcome.requests === 0 && outcome.sessions === 0)
    return `${at}  nothing was cut; the ledger does not add up:${differences}`
  return `${at}  cut: requests ${outcome.requests}, WebSocket clients ${outcome.sessions}${differences}`
}

async function gone(pid: number): Promise<void> {
  const until = performance.now() + GONE_MS
  while (isRunning(pid) && performance.now() < until)
    await new Promise(resolve => setTimeout(resolve, TICK_MS))
}
