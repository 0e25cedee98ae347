import { setTimeout as sleep } from 'node:timers/promises'
import type { Claim, Row } from './claim.ts'
import { finding } from './compare.ts'
import { relayAndAccept } from './configuration.ts'
import { heldBytes, type Observed, Observer, observable } from './observe.ts'
import type { Program } from './program.ts'
import { gateway } from './subjects.ts'
import { ECHO, startLoad, startSubject, surroundings } from './surroundings.ts'

const MIB = 1024 * 1024

/** Shows that clients who come and go leave nothing behind. */
export const churn: Claim = {
  name: 'churn',
  title:
    'Clients that connect, have one message relayed and answered, and leave: nine by a close frame, the tenth by a reset',
  async run({ quick, progress }) {
    const [early, late] = quick ? [500, 2_000] : [10_000, 50_000]
    await using around = await surroundings(observable(gateway(undefined, relayAndAccept)), ECHO)
    const observer = new Observer()
    await using program = await startSubject(around, observer.onLine)
    const empty = await observer.observe(program)
    const url = `ws://127.0.0.1:${around.ports.relay}/`
    await using load = startLoad('churn.ts', { url, cycles: `${early},${late}` })
    progress(`${early} clients`)
    await done(load, early)
    // What was closed with a reset is noticed in the next turn, what has to time out after five seconds.
    await sleep(6_000)
    const before = await observer.observe(program)
    progress(`${late - early} more`)
    load.write('go\n')
    await done(load, late)
    await sleep(6_000)
    const after = await observer.observe(program)
    return rowsOf({ empty, before, after }, late, quick)
  },
}

/** Waits for so many clients. @throws Error when one was not served as it should be */
async function done(load: Program, count: number): Promise<void> {
  const line = await load.line(new RegExp(`^DONE \\{"done":${count},`), 600_000)
  const { problems } = JSON.parse(line.slice(5)) as { problems: readonly string[] }
  if (problems.length > 0) throw new Error(problems.join('; '))
}

function rowsOf(
  { empty, before, after }: Readonly<Record<'empty' | 'before' | 'after', Observed>>,
  clients: number,
  quick: boolean,
): readonly Row[] {
  const drift = (of: (observed: Observed) => number): number => (of(after) / of(before) - 1) * 100
  const left = Object.entries(after.resources).map(
    ([name, count]) => [name, count - (empty.resources[name] ?? 0)] as const,
  )
  return [
    finding({
      what: `heap and buffers, from the first fifth to the last of ${clients} clients`,
      unit: '% more',
      value: drift(heldBytes),
      atMost: 5,
      aside: {
        'MiB empty': heldBytes(empty) / MIB,
        before: heldBytes(before) / MIB,
        after: heldBytes(after) / MIB,
      },
    }),
    finding({
      what: 'resident memory, garbage collected',
      unit: '% more',
      value: drift(({ rss }) => rss),
      // After few clients what has been compiled still grows.
      ...(!quick && { atMost: 5 }),
      aside: { 'MiB empty': empty.rss / MIB, before: before.rss / MIB, after: after.rss / MIB },
    }),
    finding({
      what: 'sockets, timers and other handles left',
      unit: 'handles',
      value: left.reduce((sum, [, count]) => sum + Math.max(0, count), 0),
      atMost: 0,
      aside: Object.fromEntries(left.filter(([, count]) => count !== 0)),
    }),
  ]
}
