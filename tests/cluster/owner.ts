// A process whose works each run in one process of several; it prints what they do, and when.

import { writeSync } from 'node:fs'
import { openCluster } from '../../src/cluster/index.ts'
import type { Logger } from '../../src/core/logger.ts'
import type { Lifecycle } from '../../src/core/ports.ts'

const [url, prefix, nodeId, ...names] = process.argv.slice(2) as [string, string, string, ...string[]]

/** Lines leave at once, whatever happens to the process next. */
function say(what: string, name: string): void {
  writeSync(1, `${JSON.stringify({ what, name, nodeId, at: Date.now() })}\n`)
}

const silent = (): void => {}
const log: Logger = {
  trace: silent,
  debug: silent,
  info: silent,
  warn: silent,
  error: silent,
  fatal: silent,
  isLevelEnabled: () => false,
}
const cluster = openCluster({ nodeId, redisUrl: url, redisPrefix: prefix }, log)

/** Works every few milliseconds, as long as it may. */
class Works implements Lifecycle {
  readonly #name: string
  #timer: NodeJS.Timeout | undefined

  constructor(name: string) {
    this.#name = name
  }

  async start(): Promise<void> {
    say('start', this.#name)
    this.#timer = setInterval(() => {
      if (works.get(this.#name)!.isHere) say('work', this.#name)
    }, 20)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    say('stop', this.#name)
  }
}

const works = new Map(names.map(name => [name, cluster.inOneProcess(name, new Works(name))]))

await cluster.start()
for (const work of works.values()) await work.start()
say('ready', '')
process.once('SIGTERM', async () => {
  for (const work of works.values()) await work.stop(1_000)
  await cluster.stop(1_000)
})
