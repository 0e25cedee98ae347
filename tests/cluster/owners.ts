import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const OWNER = fileURLToPath(new URL('owner.ts', import.meta.url))

/** What a process said. */
export interface Said {
  readonly what: 'ready' | 'start' | 'work' | 'stop'
  readonly name: string
  readonly nodeId: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/** Processes that share works. Going out of scope kills them. */
export class Owners implements AsyncDisposable {
  readonly said: Said[] = []
  readonly #processes = new Map<string, ChildProcess>()
  readonly #args: readonly string[]
  #more = Promise.withResolvers<void>()

  constructor(redisUrl: string, prefix: string, works: readonly string[]) {
    this.#args = [redisUrl, prefix, ...works]
  }

  /** Starts a process, and waits until it takes part. */
  async start(nodeId: string): Promise<void> {
    const [url, prefix, ...works] = this.#args
    const args = [OWNER, url!, prefix!, nodeId, ...works]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#processes.set(nodeId, child)
    let rest = ''
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop()!
      this.said.push(...lines.map(line => JSON.parse(line) as Said))
      this.#more.resolve()
      this.#more = Promise.withResolvers()
    })
    await this.until(said => said.find(each => each.what === 'ready' && each.nodeId === nodeId))
  }

  /** Waits until what was said passes a check; gives what that gives. */
  async until<T>(check: (said: readonly Said[]) => T | undefined): Promise<T> {
    for (;;) {
      const found = check(this.said)
      if (found !== undefined) return found
      await this.#more.promise
    }
  }

  kill(nodeId: string, signal: NodeJS.Signals): void {
    this.#processes.get(nodeId)!.kill(signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      [...this.#processes.values()].map(async child => {
        if (child.exitCode !== null || child.signalCode !== null) return
        child.kill('SIGKILL')
        await once(child, 'exit')
      }),
    )
  }
}
