import { here, type Program } from './program.ts'
import type { Subject } from './subjects.ts'

/** What a subject holds, garbage left out. Bytes. */
export interface Observed {
  readonly rss: number
  readonly heapUsed: number
  readonly external: number
  /** Sockets, timers and the like, by kind. */
  readonly resources: Readonly<Record<string, number>>
}

/** Has a gateway tell what it holds: `load/observed.ts` is loaded before its own program. */
export function observable(subject: Subject): Subject {
  const command = ['node', '--expose-gc', '--import', here('load/observed.ts'), here('../bin/myelin')]
  return { ...subject, command: [...command, 'run', '{dir}'] }
}

/** Asks a subject what it holds. */
export class Observer {
  #observed: ((observed: Observed) => void) | undefined

  /** Takes the lines that the subject prints. */
  readonly onLine = (line: string): void => {
    if (line.startsWith('{"observed"'))
      this.#observed?.((JSON.parse(line) as { observed: Observed }).observed)
  }

  /** Has it collect its garbage and tell. */
  observe(program: Program): Promise<Observed> {
    return new Promise(resolve => {
      this.#observed = resolve
      process.kill(program.pid, 'SIGUSR2')
    })
  }
}

/** Bytes of JavaScript and of buffers. */
export function heldBytes({ heapUsed, external }: Observed): number {
  return heapUsed + external
}
