import type { RedisAddress } from './redis-address.ts'

/** Whether Redis could not be reached, has no room for more, or said no. */
export type RedisTrouble = 'away' | 'full' | 'refused'

/** Why something could not be done in Redis. Its text holds no password, and nothing of what was to be written. */
export class RedisError extends Error {
  readonly trouble: RedisTrouble

  constructor(trouble: RedisTrouble, message: string) {
    super(message)
    this.name = 'RedisError'
    this.trouble = trouble
  }
}

/** Makes an error of what the client library threw, which keeps the whole command with its arguments. */
export function translated(error: unknown, address: Pick<RedisAddress, 'place'>): RedisError {
  if (error instanceof RedisError) return error
  const { name, message } = firstOf(error)
  if (/\bOOM\b/.test(message))
    return new RedisError('full', `Redis at ${address.place} is full: its maxmemory is used up`)
  // While it reads its data in, runs a script that does not end, or is a replica, it is of no use.
  if (/^(LOADING|BUSY|READONLY|MASTERDOWN|MISCONF|TRYAGAIN|CLUSTERDOWN) /.test(message))
    return new RedisError('away', `Redis at ${address.place} cannot be used: ${message}`)
  if (name === 'ReplyError') return new RedisError('refused', `Redis at ${address.place} refused: ${message}`)
  if (error instanceof TypeError || error instanceof RangeError) throw error
  return new RedisError('away', `Redis at ${address.place} went away: the outcome is not known`)
}

/** A transaction that was not done says so; why not is said by the errors of its commands. */
function firstOf(error: unknown): Error {
  const previous = (error as { previousErrors?: readonly unknown[] } | undefined)?.previousErrors?.[0]
  if (previous instanceof Error) return previous
  return error instanceof Error ? error : new Error(String(error))
}
