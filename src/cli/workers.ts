import cluster from 'node:cluster'
import { availableParallelism } from 'node:os'
import { openLog } from '../log.ts'
import { Supervision } from './supervision.ts'

/** Runs a gateway in several processes that share its ports; `auto` is one for each core. Gives the exit code. */
export async function runWorkers(paths: readonly string[], count: number | 'auto'): Promise<number> {
  const isReadable = process.stdout.isTTY === true
  const { log, write, close } = await openLog({ level: 'info', isReadable })
  cluster.setupPrimary({
    exec: process.argv[1]!,
    args: ['run', ...paths],
    // A terminal takes lines from everybody; elsewhere those of several processes could get mixed up.
    silent: !isReadable,
    serialization: 'advanced',
  })
  try {
    return await new Supervision(count === 'auto' ? availableParallelism() : count, log, write).run()
  } finally {
    await close()
  }
}
