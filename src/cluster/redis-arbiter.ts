import { type Arbiter, type Claim, type Progress, SCHEDULE_TTL_MS, type ScheduleState } from './arbiter.ts'
import type { RedisConnection } from './redis-connection.ts'
import { RedisScript } from './redis-script.ts'

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function text(number) return string.format('%.0f', number) end
`

const HOLD = new RedisScript(`
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`)

const RELEASE = new RedisScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`)

const TIME = new RedisScript(`${NOW} return text(now)`)

const JOIN = new RedisScript(`${NOW}
local plan, count, due, replaces, who, ttl = unpack(ARGV)
local there = redis.call('HGET', KEYS[1], 'plan')
if not there or (there ~= plan and replaces == '1') then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'plan', plan, 'count', count, 'due', due, 'busy', '0', 'by', '')
elseif there ~= plan then
  return {1, '0', '', '0', text(now), 0}
end
redis.call('HSET', KEYS[1], 'at:' .. who, text(now))
redis.call('PEXPIRE', KEYS[1], ttl)
local state = redis.call('HMGET', KEYS[1], 'count', 'due', 'busy')
return {0, state[1], state[2], state[3], text(now), 0}`)

// Who took a run up and has not heard of it asks again, and is told so again.
const CLAIM = new RedisScript(`${NOW}
local plan, count, next, busy, who, ttl = unpack(ARGV)
local there = redis.call('HMGET', KEYS[1], 'plan', 'count', 'due', 'busy', 'by')
if there[1] ~= plan then return {1, '0', '', '0', text(now), 0} end
redis.call('HSET', KEYS[1], 'at:' .. who, text(now))
redis.call('PEXPIRE', KEYS[1], ttl)
local mine = 0
if there[2] == count and there[3] ~= '' and tonumber(there[3]) <= now and tonumber(there[4]) <= now then
  local untilMs = tonumber(busy) > 0 and text(now + busy) or '0'
  redis.call('HSET', KEYS[1], 'count', text(count + 1), 'due', next, 'busy', untilMs, 'by', who)
  mine = 1
elseif there[5] == who and tonumber(there[2]) == count + 1 then
  mine = 1
end
local state = redis.call('HMGET', KEYS[1], 'count', 'due', 'busy')
return {0, state[1], state[2], state[3], text(now), mine}`)

const KEEP_ON = new RedisScript(`${NOW}
local plan, busy, who, ttl = unpack(ARGV)
local there = redis.call('HMGET', KEYS[1], 'plan', 'by')
if there[1] ~= plan or there[2] ~= who then return 0 end
redis.call('HSET', KEYS[1], 'busy', text(now + busy))
redis.call('PEXPIRE', KEYS[1], ttl)
return 1`)

const FINISH = new RedisScript(`
local plan, due, who = unpack(ARGV)
local there = redis.call('HMGET', KEYS[1], 'plan', 'by')
if there[1] == plan and there[2] == who then redis.call('HSET', KEYS[1], 'due', due, 'busy', '0') end`)

const LEAVE = new RedisScript(`${NOW}
local plan, who, ttl = unpack(ARGV)
if redis.call('HGET', KEYS[1], 'plan') ~= plan then return end
redis.call('HDEL', KEYS[1], 'at:' .. who)
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  if string.sub(all[i], 1, 3) == 'at:' then
    if tonumber(all[i + 1]) + ttl > now then return end
    redis.call('HDEL', KEYS[1], all[i])
  end
end
redis.call('DEL', KEYS[1])`)

/** Decides by scripts in Redis, and by its clock. */
export class RedisArbiter implements Arbiter {
  readonly #who: string
  readonly #prefix: string
  readonly #connection: () => RedisConnection

  constructor(who: string, prefix: string, connection: () => RedisConnection) {
    this.#who = who
    this.#prefix = prefix
    this.#connection = connection
  }

  async hold(name: string, ttlMs: number): Promise<boolean> {
    return (await HOLD.run(this.#connection(), this.#lease(name), this.#who, ttlMs)) === 1
  }

  async release(name: string): Promise<void> {
    await RELEASE.run(this.#connection(), this.#lease(name), this.#who)
  }

  async now(): Promise<number> {
    return Number(await TIME.run(this.#connection(), `${this.#prefix}:clock`))
  }

  async join(
    schedule: string,
    plan: string,
    { count, dueMs }: Progress,
    replaces: boolean,
  ): Promise<ScheduleState> {
    const args = [plan, count, textOf(dueMs), replaces ? '1' : '0', this.#who, SCHEDULE_TTL_MS]
    return stateOf(await JOIN.run(this.#connection(), this.#schedule(schedule), ...args))
  }

  async claim(
    schedule: string,
    plan: string,
    { count, nextMs, busyMs }: Claim,
  ): Promise<ScheduleState & { isMine: boolean }> {
    const args = [plan, count, textOf(nextMs), busyMs, this.#who, SCHEDULE_TTL_MS]
    return stateOf(await CLAIM.run(this.#connection(), this.#schedule(schedule), ...args))
  }

  async keepOn(schedule: string, plan: string, busyMs: number): Promise<boolean> {
    const args = [plan, busyMs, this.#who, SCHEDULE_TTL_MS]
    return (await KEEP_ON.run(this.#connection(), this.#schedule(schedule), ...args)) === 1
  }

  async finish(schedule: string, plan: string, dueMs: number | undefined): Promise<void> {
    await FINISH.run(this.#connection(), this.#schedule(schedule), plan, textOf(dueMs), this.#who)
  }

  async leave(schedule: string, plan: string): Promise<void> {
    await LEAVE.run(this.#connection(), this.#schedule(schedule), plan, this.#who, SCHEDULE_TTL_MS)
  }

  #lease(name: string): string {
    return `${this.#prefix}:lease:${name}`
  }

  #schedule(name: string): string {
    return `${this.#prefix}:schedule:${name}`
  }
}

function textOf(dueMs: number | undefined): string {
  return dueMs === undefined ? '' : String(Math.round(dueMs))
}

function stateOf(answer: unknown): ScheduleState & { isMine: boolean } {
  const [isOther, count, due, busy, now, isMine] = answer as [number, string, string, string, string, number]
  return {
    isOther: isOther === 1,
    count: Number(count),
    dueMs: due === '' ? undefined : Number(due),
    busyUntilMs: Number(busy),
    nowMs: Number(now),
    isMine: isMine === 1,
  }
}
