import type { MessageContext } from '../core/context.ts'
import type { MessageNumber, NumberedMessages } from '../core/ports.ts'
import type { Multi, RedisQueue } from './redis-queue.ts'

/** How many senders are forgotten in one go. */
const MAX_FORGOTTEN = 10_000

/** The queue leaves out a job whose name is taken: so it does with one that is not the next of its sender. */
const LEAVE_OUT = `
local last = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
if last + 1 ~= tonumber(ARGV[2]) then redis.call('HSET', KEYS[2], 'isLeftOut', 1) end
return 0`

/** Writes the number down of one that is in the queue now; gives the last number of the sender, or `full`. */
const WRITE_DOWN = `
local why = redis.call('HGET', KEYS[2], 'isLeftOut')
if why then
  redis.call('DEL', KEYS[2])
  redis.call('HINCRBY', KEYS[5], 'stored', -1)
  if why == 'full' then return why end
elseif redis.call('LINDEX', KEYS[3], 0) == ARGV[3] then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  redis.call('ZADD', KEYS[4], ARGV[4], ARGV[1])
end
return redis.call('HGET', KEYS[1], ARGV[1]) or '0'`

const FORGET = `
local function forget(senders)
  for _, sender in ipairs(senders) do
    redis.call('HDEL', KEYS[1], sender)
    redis.call('ZREM', KEYS[2], sender)
  end
end
forget(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. ARGV[1], 'LIMIT', 0, ARGV[3]))
local tooMany = redis.call('ZCARD', KEYS[2]) - tonumber(ARGV[2])
if tooMany > 0 then forget(redis.call('ZRANGE', KEYS[2], 0, math.min(tooMany, tonumber(ARGV[3])) - 1)) end
return 0`

/** Where a numbered message is to stand in the queue. */
export interface Place {
  /** Its name in the queue, and the keys of the job and of the list of those that wait. */
  readonly id: string
  readonly job: string
  readonly wait: string
  readonly at: number
}

/**
 * Has a message added in a transaction only if it is the next of its sender; `add` is what adds it, its last command.
 * There are two answers more then: the last one is the last number of the sender, or `full`.
 */
export function addNext(
  multi: Multi,
  queue: RedisQueue,
  { scope, sender, number }: MessageNumber,
  { id, job, wait, at }: Place,
  add: () => void,
): void {
  const [senders, times] = keysOf(queue, scope)
  multi.runCommand('eval', [LEAVE_OUT, 2, senders, job, sender, number])
  add()
  const keys = [senders, job, wait, times, queue.keyOf('tally')]
  multi.runCommand('eval', [WRITE_DOWN, keys.length, ...keys, sender, number, id, at])
}

/** Which numbered messages a store on Redis took: written in the transaction of the message itself. */
export class RedisNumbered implements NumberedMessages {
  readonly #queue: RedisQueue
  readonly #put: (ctx: MessageContext, number: MessageNumber) => Promise<number>
  readonly #guard: <T>(work: Promise<T>) => Promise<T>

  /** `put` takes a message into the store; `guard` makes faults of what Redis fails with. */
  constructor(
    queue: RedisQueue,
    put: (ctx: MessageContext, number: MessageNumber) => Promise<number>,
    guard: <T>(work: Promise<T>) => Promise<T>,
  ) {
    this.#queue = queue
    this.#put = put
    this.#guard = guard
  }

  put(ctx: MessageContext, number: MessageNumber): Promise<number> {
    return this.#put(ctx, number)
  }

  async last(scope: string, sender: string): Promise<number | undefined> {
    const [senders] = keysOf(this.#queue, scope)
    const last = await this.#guard(this.#queue.run(client => client.hget(senders, sender)))
    return last === null ? undefined : Number(last)
  }

  async forget(scope: string, since: number, most: number): Promise<void> {
    const keys = keysOf(this.#queue, scope)
    const command = [FORGET, keys.length, ...keys, since, most, MAX_FORGOTTEN]
    await this.#guard(this.#queue.transact(multi => void multi.runCommand('eval', command)))
  }
}

/** The keys of the numbers of senders, and of when they sent them. */
function keysOf(queue: RedisQueue, scope: string): readonly [senders: string, times: string] {
  return [queue.keyOf(`senders:${scope}`), queue.keyOf(`senders-at:${scope}`)]
}
