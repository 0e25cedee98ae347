import type { RedisQueueBackend } from 'bullmq'
import type { MessageNumber } from '../core/ports.ts'
import { addNext, type Place } from './redis-numbered.ts'
import type { Multi, RedisQueue } from './redis-queue.ts'

/** The queue leaves out a job whose name is taken: so it does with one that it has no room for. */
const LEAVE_OUT_WHERE_FULL = `
if redis.call('LLEN', KEYS[1]) + redis.call('LLEN', KEYS[2]) >= tonumber(ARGV[1]) and redis.call('EXISTS', KEYS[3]) == 0 then
  redis.call('HSET', KEYS[3], 'isLeftOut', 'full')
end
return 0`

/** Says whether one was left out, and forgets about it: the queue has counted it all the same. */
const SETTLE = `
local why = redis.call('HGET', KEYS[1], 'isLeftOut')
if not why then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HINCRBY', KEYS[2], 'stored', -1)
return why`

/** A message that is put in, with its number where it has one. */
export interface AddedMessage {
  readonly id: string
  readonly data: string
  readonly number?: MessageNumber | undefined
}

/** What became of one: the last number of its sender, where it has a number. */
export type Added = 'full' | number | undefined

/**
 * Puts messages behind those that are there, in one go, as long as there are not `maxMessages`: what is checked and
 * what is put in is one transaction. They are counted by BullMQ, with those that are left out.
 */
export async function addTo(
  queue: RedisQueue,
  messages: readonly AddedMessage[],
  maxMessages = Infinity,
): Promise<readonly Added[]> {
  const at = Date.now()
  const [first] = messages
  const isLimited = maxMessages < Infinity
  if (messages.length === 1 && first && !first.number && !isLimited) {
    const { id, data } = first
    // The one that is alone needs no transaction.
    await queue.run((client, backend) => backend.addJobToTransaction(client, jobOf(id, data, at), id))
    return [undefined]
  }
  const results = await queue.transact((multi, backend) => {
    for (const { id, data, number } of messages) {
      const place = { id, job: backend.toKey(id), wait: backend.keys.wait ?? '', at }
      const add = (): void => {
        if (isLimited) checkRoom(multi, place, backend.keys.active ?? '', maxMessages)
        void backend.addJobToTransaction(multi, jobOf(id, data, at), id)
      }
      if (number) addNext(multi, queue, number, place, add)
      else {
        add()
        if (isLimited) multi.runCommand('eval', [SETTLE, 2, place.job, queue.keyOf('tally')])
      }
    }
  })
  let last = -1
  return messages.map(({ number }) => {
    last += 1 + (isLimited ? 1 : 0) + (number ? 2 : isLimited ? 1 : 0)
    const said = results[last]
    if (said === 'full') return 'full'
    return number && Number(said)
  })
}

function checkRoom(multi: Multi, { job, wait }: Place, active: string, maxMessages: number): void {
  multi.runCommand('eval', [LEAVE_OUT_WHERE_FULL, 3, wait, active, job, maxMessages])
}

function jobOf(
  id: string,
  data: string,
  timestamp: number,
): Parameters<RedisQueueBackend['addJobToTransaction']>[1] {
  return {
    id,
    name: 'message',
    data,
    opts: {},
    timestamp,
    progress: 0,
    attemptsMade: 0,
    attemptsStarted: 0,
    stalledCounter: 0,
    failedReason: '',
    returnvalue: '',
  }
}
