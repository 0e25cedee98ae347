import type { FromWorker } from './worker-messages.ts'

/** The environment variable that tells a process which worker it is. */
export const WORKER_VARIABLE = 'MYELIN_WORKER'

/** Which worker this process is, from 1 on; undefined where it is none. */
export function workerNumber(): number | undefined {
  const number = Number(process.env[WORKER_VARIABLE])
  return process.send && number > 0 ? number : undefined
}

/** Whether this process serves and says what is there once on a server: it is the first worker, or no worker. */
export function isFirstWorker(): boolean {
  return (workerNumber() ?? 1) === 1
}

/** Lets this process end, though the one that started it could still tell it something. */
export function letGo(): void {
  if (workerNumber() !== undefined) process.channel?.unref()
}

/** Tells the process that started this worker that it serves. Nothing happens where it is no worker. */
export function sayReady(): void {
  const ready: FromWorker = { kind: 'ready' }
  // One that is gone takes its workers with it.
  if (workerNumber() !== undefined) process.send!(ready, () => {})
}
