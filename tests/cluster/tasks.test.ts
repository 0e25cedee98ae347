// Three gateways in processes of their own on one Redis, whose tasks tell a backend when they run and where.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { HttpBackend } from '../support/http-backend.ts'
import { RedisServer } from '../support/redis.ts'
import { Spawned } from './spawned.ts'

const LIMIT_MS = 120_000
const NAMES = ['a', 'b', 'c']

let redis: RedisServer
beforeAll(async () => {
  redis = await RedisServer.start()
})
afterAll(() => redis[Symbol.asyncDispose]())

interface TaskOptions {
  readonly trigger: string
  readonly attributes?: string
  readonly sequential?: boolean
}

/** A task that tells a backend the name of the process it runs in, and when that was. */
function telling(
  url: string,
  process: string,
  { trigger, attributes = '', sequential }: TaskOptions,
): string {
  return `
  <task name="tell" ${attributes}><trigger ${trigger}/>
    <property name="injectTo" value="sequence"/><property name="sequenceName" value="tell"/>
    <property name="sequential" value="${sequential === true}"/>
    <property name="message"><run xmlns=""/></property></task>
  <sequence name="tell">
    <payloadFactory media-type="json"><format>{"process": "${process}", "at": $1}</format>
      <args><arg expression="get-property('SYSTEM_TIME')"/></args></payloadFactory>
    <call><endpoint><http method="post" uri-template="${url}"/></endpoint></call><drop/></sequence>`
}

/** A run of a task, as a backend was told. */
interface Run {
  readonly process: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/** A backend that calls back for what it is told. */
async function listener(told: (run: Run, count: number) => void = () => {}): Promise<{
  backend: HttpBackend
  /** In which processes there were runs. */
  runs: string[]
  waitFor(count: number): Promise<void>
}> {
  const runs: string[] = []
  let wake = Promise.withResolvers<void>()
  const backend = await HttpBackend.start(({ body }) => {
    const run = JSON.parse(body) as Run
    runs.push(run.process)
    told(run, runs.length)
    wake.resolve()
    wake = Promise.withResolvers()
    return {}
  })
  const waitFor = async (count: number): Promise<void> => {
    while (runs.length < count) await wake.promise
  }
  return { backend, runs, waitFor }
}

function start(prefix: string, name: string, xml: string, server: RedisServer = redis): Promise<Spawned> {
  return Spawned.start(xml, {
    'myelin.redis.url': server.url,
    'myelin.redis.prefix': prefix,
    'myelin.node_id': name,
  })
}

describe.concurrent('a task of several processes', { timeout: LIMIT_MS }, () => {
  test.each([false, true])(
    'fires once per tick for 100 ticks, with one process killed on the way (sequential: %s)',
    async sequential => {
      const processes = new Map<string, Spawned>()
      let killedAt: number | undefined
      let killed: string | undefined
      let lastAt = 0
      const { backend, runs, waitFor } = await listener(({ process, at }, count) => {
        // A run that is under way ends with its process: it is killed well before the next one.
        const isBetween = at - lastAt > 60 && Date.now() - at < 30
        lastAt = at
        if (count < 20 || killed !== undefined || !processes.has(process) || !isBetween) return
        killed = process
        killedAt = count
        processes.get(process)?.kill()
      })
      await using _backend = backend
      const task = { trigger: 'count="100" interval="0.1"', sequential }
      const prefix = `ticks-${sequential}`
      await Promise.all(
        NAMES.map(async name => {
          processes.set(name, await start(prefix, name, telling(backend.url, name, task)))
        }),
      )
      await waitFor(100)
      // Time for runs that should not come: as many as a process that knew nothing of the others would have made.
      const extra = await listener()
      await using _extra = extra.backend
      const other = telling(extra.backend.url, 'other', { trigger: 'count="10" interval="0.1"' })
      await using _other = await start(`${prefix}-other`, 'other', other)
      await extra.waitFor(10)

      expect(runs).toHaveLength(100)
      expect(killed).toBeDefined()
      expect(runs.slice(killedAt)).not.toContain(killed)
      await Promise.all([...processes.values()].map(process => process[Symbol.asyncDispose]()))
    },
  )

  test('runs once where it is to, whoever starts later', async () => {
    const { backend, runs, waitFor } = await listener()
    await using _backend = backend
    const xml = (name: string): string => telling(backend.url, name, { trigger: 'once="true"' })
    await using _a = await start('once', 'a', xml('a'))
    await waitFor(1)
    await using _b = await start('once', 'b', xml('b'))
    await using c = await start('once', 'c', xml('c'))
    await c.logs(/"ready"/)
    expect(runs).toEqual(['a'])
  })

  test('runs on pinned servers only', async () => {
    const { backend, runs, waitFor } = await listener()
    await using _backend = backend
    const task = { trigger: 'interval="0.1"', attributes: 'pinnedServers="b, x"' }
    await using a = await start('pinned', 'a', telling(backend.url, 'a', task))
    await a.logs(/task tell runs on b, x only; this is a/)
    await using _b = await start('pinned', 'b', telling(backend.url, 'b', task))
    await waitFor(5)
    expect(new Set(runs)).toEqual(new Set(['b']))
  })

  test('has the schedule of who started last', async () => {
    const { backend, waitFor, runs } = await listener()
    await using _backend = backend
    await using a = await start('plans', 'a', telling(backend.url, 'a', { trigger: 'interval="0.1"' }))
    await waitFor(3)
    await using b = await start('plans', 'b', telling(backend.url, 'b', { trigger: 'once="true"' }))
    await a.logs(/task tell: another schedule for it was put in its place; this one waits/)
    await eventually(() => expect(runs.filter(process => process === 'b')).toEqual(['b']))
    // The one before goes on when nobody is there any more who knows the new one.
    const { length } = runs
    b.kill()
    await waitFor(length + 3)
    expect(runs.slice(length)).toEqual(runs.slice(length).map(() => 'a'))
  })

  test.each([
    ['stopped', (own: RedisServer) => own.stop(), (own: RedisServer) => own.start()],
    ['frozen', async (own: RedisServer) => own.freeze(), async (own: RedisServer) => own.thaw()],
  ] as const)('pauses while Redis is away (%s), and goes on soon after', async (how, leave, back) => {
    await using own = await RedisServer.start()
    const { backend, runs, waitFor } = await listener()
    await using _backend = backend
    const xml = (name: string): string => telling(backend.url, name, { trigger: 'interval="0.1"' })
    await using a = await start(`away-${how}`, 'a', xml('a'), own)
    await using b = await start(`away-${how}`, 'b', xml('b'), own)
    await waitFor(5)
    await leave(own)
    await Promise.all([a, b].map(process => process.logs(/without Redis no task runs/)))
    const { length } = runs
    await Promise.all([a, b].map(process => process.logs(/Redis at \S+ is away since/)))
    expect(runs.length - length).toBeLessThan(2)
    await back(own)
    const backMs = performance.now()
    await waitFor(length + 5)
    expect(performance.now() - backMs).toBeLessThan(5_000)
  })
})
