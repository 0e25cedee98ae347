import { readdirSync, readFileSync } from 'node:fs'

// What Linux tells about running processes, from /proc. There is nothing like it on other systems that needs no
// compiled code, so the figures in CPU time and in memory can only be had on Linux.

/** Length of one tick in /proc/stat and /proc/PID/stat; the kernel reports 100 a second whatever its own clock is. */
const TICK_MS = 10

/** Reads a file that may be gone by now. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

/** The fields of /proc/PID/stat after the name, which may itself hold spaces and parentheses: state, parent, … */
function statFields(pid: number): readonly string[] {
  const text = read(`/proc/${pid}/stat`)
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

/** Gives a process and all that descend from it. */
export function processTree(root: number): readonly number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    if (/^\d+$/.test(name)) parents.set(Number(name), Number(statFields(Number(name))[1]))
  }
  const tree = [root]
  for (const pid of tree) {
    for (const [child, parent] of parents) if (parent === pid) tree.push(child)
  }
  return tree
}

/**
 * Gives the CPU time that processes have used so far, all threads together, in milliseconds. Exact to a tick of the
 * scheduler where the kernel keeps /proc/PID/task/TID/schedstat; else to 10 ms.
 */
export function cpuMs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + (preciseCpuMs(pid) ?? coarseCpuMs(pid)), 0)
}

function preciseCpuMs(pid: number): number | undefined {
  let nanoseconds = 0
  for (const thread of threads(pid)) {
    nanoseconds += Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(' ')[0])
  }
  return nanoseconds > 0 ? nanoseconds / 1e6 : undefined
}

function threads(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

function coarseCpuMs(pid: number): number {
  const fields = statFields(pid)
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * TICK_MS
}

/** Gives the resident memory of processes in bytes. */
export function residentBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const kibibytes = /^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1]
    return sum + Number(kibibytes ?? 0) * 1024
  }, 0)
}

/** Gives the time a core has not been idle so far, in milliseconds: what everybody together took of it. */
export function busyMs(core: number): number {
  const line = new RegExp(`^cpu${core} (.*)$`, 'm').exec(read('/proc/stat'))?.[1] ?? ''
  const [user = 0, nice = 0, system = 0, , , interrupt = 0, softInterrupt = 0, stolen = 0] = line
    .split(' ')
    .map(Number)
  return (user + nice + system + interrupt + softInterrupt + stolen) * TICK_MS
}

/** Gives a function that tells how much of a core all but some processes have used since, in percent. */
export function othersOn(core: number, pids: readonly number[]): () => number {
  const used = (): number => busyMs(core) - cpuMs(pids)
  const from = performance.now()
  const before = used()
  return () => ((used() - before) / (performance.now() - from)) * 100
}
