import { randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'

/**
 * Names this process for others to see that it is gone: the machine since it was started and its space of process
 * numbers, the process with the moment it was started, and one user of it.
 */
export function holderName(): string {
  return [machine(), process.pid, startOf(process.pid) ?? '', randomBytes(6).toString('base64url')].join(' ')
}

/** Whether a holder is known to be gone: it was a process of this machine, and there is none of it any more. */
export function isGone(holder: string): boolean {
  const [where = '', pid = '', start = ''] = holder.split(' ')
  if (where === '' || where !== machine() || start === '') return false
  return startOf(Number(pid)) !== start
}

let known: string | undefined

/** Empty where the system does not say. */
function machine(): string {
  try {
    known ??= `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()}/${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    known = ''
  }
  return known
}

/** Gives the moment a process was started, in ticks; undefined where there is none, or only what is left of it. */
function startOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name of the program comes first, in brackets, and may hold anything.
    const [state, ...fields] = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return state === 'Z' || state === 'X' ? undefined : fields[18]
  } catch {
    return undefined
  }
}
