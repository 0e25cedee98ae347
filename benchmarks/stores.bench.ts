import type { Claim, Row, RunOptions, Sample } from './claim.ts'
import { compare, finding } from './compare.ts'
import { here, Program } from './program.ts'
import { embedded } from './stores/embedded.ts'
import { aMessage, aRow } from './stores/messages.ts'
import { redis } from './stores/redis.ts'
import type { StoreSubject } from './stores/subject.ts'

/** Messages that are put in at once, as by so many HTTP clients. */
const AT_ONCE = 200

/** Messages that are through before the store knows, as a message processor leaves them. */
const UNTOLD = 32

/** At least 70 % of what the engine does. */
const OF_ENGINE = 1 / 0.7

/** How much more memory a million stored messages may take, in mebibytes. */
const MORE_MEMORY_MB = 64

/** Every durable store is measured in the same way. */
const SUBJECTS: readonly StoreSubject[] = [embedded, redis]

/** Compares durable stores with what they are built on, and shows that what they hold takes no memory. In this process. */
export const stores: Claim = {
  name: 'stores',
  title: 'Messages into a durable store and out of it, each safe before the next of its client',
  baseline: 'the engine of the store, used directly: the same record, the same durability, as much at once',
  async run(options) {
    const rows: Row[] = []
    for (const subject of SUBJECTS) rows.push(...(await storeRows(subject, options)))
    return [...rows, ...(await memoryRows(options))]
  },
}

/** Measures putting in and taking out, for one kind of store. */
export async function storeRows(subject: StoreSubject, { quick, progress }: RunOptions): Promise<Row[]> {
  const count = quick ? 4_000 : 20_000
  const rounds = quick ? 3 : 7
  const common = { unit: 'us', goal: { of: 'ratio', atMost: OF_ENGINE }, rounds, progress } as const
  return [
    await compare({
      ...common,
      what: `${subject.name}: put in`,
      ours: () => storePuts(subject, count),
      baseline: () => enginePuts(subject, count),
    }),
    await compare({
      ...common,
      what: `${subject.name}: take out`,
      ours: () => storeTakes(subject, count),
      baseline: () => engineTakes(subject, count),
    }),
  ]
}

async function storePuts(subject: StoreSubject, count: number): Promise<Sample> {
  await using opened = await subject.open()
  const { store } = opened
  const putAll = async (): Promise<void> => {
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let i = 0; i < count / AT_ONCE; i++) await store.put(aMessage())
      }),
    )
  }
  // What it runs in another thread, or another program, is warm then too.
  await putAll()
  return await timed(count, putAll)
}

async function enginePuts(subject: StoreSubject, count: number): Promise<Sample> {
  await using engine = await subject.openEngine()
  // A message has to be written as a record by whoever keeps it.
  const addAll = async (): Promise<void> => {
    for (let done = 0; done < count; done += AT_ONCE) await engine.add(Array.from({ length: AT_ONCE }, aRow))
  }
  await addAll()
  return await timed(count, addAll)
}

async function storeTakes(subject: StoreSubject, count: number): Promise<Sample> {
  await using opened = await subject.open()
  const { store } = opened
  for (let done = 0; done < count; done += AT_ONCE)
    await Promise.all(Array.from({ length: AT_ONCE }, () => store.put(aMessage())))
  const untold = new Set<Promise<void>>()
  return await timed(count, async () => {
    for (let message = await store.take(); message; message = await store.take()) {
      const removed = Promise.resolve(store.remove(message, 'delivered')).then(
        () => void untold.delete(removed),
      )
      untold.add(removed)
      if (untold.size >= UNTOLD) await [...untold][0]
    }
    await Promise.all(untold)
  })
}

async function engineTakes(subject: StoreSubject, count: number): Promise<Sample> {
  await using engine = await subject.openEngine()
  const rows = Array.from({ length: AT_ONCE }, aRow)
  for (let done = 0; done < count; done += AT_ONCE) await engine.add(rows)
  return await timed(count, async () => {
    while ((await engine.removeOldest(UNTOLD)) > 0);
  })
}

async function timed(count: number, work: () => Promise<void>): Promise<Sample> {
  const from = performance.now()
  await work()
  const ms = performance.now() - from
  return { value: (ms * 1000) / count, aside: { 'per second': Math.round((count * 1000) / ms) } }
}

async function memoryRows({ quick, progress }: RunOptions): Promise<Row[]> {
  const messages = quick ? 100_000 : 1_000_000
  progress(`memory with ${messages} messages stored`)
  await using program = new Program([
    'node',
    '--expose-gc',
    // As the gateway is started.
    '--max-semi-space-size=4',
    here('stores/million.ts'),
    String(messages),
  ])
  const figures = new Map<string, number>()
  for (const name of ['warm', 'take of few', 'full', 'take of many', 'after', 'largest', 'held']) {
    const line = await program.line(new RegExp(`^${name} [0-9.]+$`), 600_000)
    figures.set(name, Number(line.slice(name.length + 1)))
  }
  const of = (name: string): number => figures.get(name)!
  return [
    finding({
      what: `embedded: more memory with ${messages} messages`,
      unit: 'MiB',
      value: Math.max(of('largest'), of('after')) - of('warm'),
      atMost: MORE_MEMORY_MB,
      aside: { 'before, MiB': of('warm'), held: of('held') },
    }),
    finding({
      what: `embedded: taking one of ${messages}, alone`,
      unit: 'us',
      value: of('take of many'),
      atMost: of('take of few') * 2,
      aside: { 'of few, us': of('take of few') },
    }),
  ]
}
