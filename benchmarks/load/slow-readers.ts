import { parseArgs } from 'node:util'
import { ClientSession } from './client-session.ts'
import { clientFrame, FIN, OPCODE, prose } from './frames.ts'
import { inTurns, Problems } from './generator.ts'
import { SlowSession } from './slow-session.ts'

// Clients that ask an echo fifty times a second, first by themselves and then beside others that read 1 KiB a second of
// what comes as fast as it is taken. In the end those read everything, after what sends to them was told to stop.
// Prints READY, CALM and SLOW when the two times begin, HURRY when they are over, and what was seen as JSON; after READY
// and HURRY it waits for a line on standard input.
const { values } = parseArgs({
  options: {
    echo: { type: 'string' },
    flood: { type: 'string' },
    stop: { type: 'string' },
    sessions: { type: 'string' },
    seconds: { type: 'string' },
  },
})

const SIZE = 128
const ASKERS = 20
const EVERY_MS = 20
const WARM_UP_MS = 2000
/** Slow readers come one after the other: each brings the kernel's buffers full of messages with it. */
const APART_MS = 40

const problems = new Problems()
const delays: number[] = []
let isMeasuring = false

const goOn = (): Promise<unknown> => new Promise(resolve => process.stdin.once('data', resolve))
const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

/** Asks until told to stop. What an asker was too late for itself is no delay of the subject. */
async function ask(session: ClientSession, frame: Buffer): Promise<void> {
  for (;;) {
    const answer = session.nextAnswer()
    const start = performance.now()
    session.send(frame, 1)
    await answer
    const took = performance.now() - start
    if (isMeasuring) delays.push(took)
    await sleep(Math.max(0, EVERY_MS - took))
  }
}

function percentile(share: number): number {
  const sorted = delays.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

async function measure(ms: number): Promise<{ p50: number; p99: number; asked: number }> {
  delays.length = 0
  isMeasuring = true
  await sleep(ms)
  isMeasuring = false
  return { p50: percentile(0.5), p99: percentile(0.99), asked: delays.length }
}

const url = new URL(values.echo!)
const buffer = Buffer.allocUnsafeSlow(64 * 1024)
const frame = clientFrame(OPCODE.text, prose(SIZE))
const first = FIN | OPCODE.text
const askers = Array.from(
  { length: ASKERS },
  () => new ClientSession({ url, buffer, first, size: SIZE, answers: () => {}, problem: problems.add }),
)
await inTurns(askers, session => session.open())
for (const asker of askers) void ask(asker, frame)

// What is run for the first time takes longer and more memory: somebody was slow before.
const early = new SlowSession(new URL(values.flood!), problems.add)
await early.opened
await sleep(WARM_UP_MS)
early.end()
await sleep(WARM_UP_MS)

const ms = Number(values.seconds) * 1000
console.log('READY')
await goOn()
console.log('CALM')
const calm = await measure(ms)

console.log('SLOW')
const slow: SlowSession[] = []
const measured = measure(ms)
for (let i = 0; i < Number(values.sessions); i++) {
  const session = new SlowSession(new URL(values.flood!), problems.add)
  slow.push(session)
  await session.opened
  await sleep(APART_MS)
}
const disturbed = await measured
const readSlowly = slow.reduce((sum, { received }) => sum + received, 0)

console.log('HURRY')
await goOn()
const stopped = (await (await fetch(values.stop!)).json()) as { sent: readonly number[] }
// The early one left in the middle of it.
const sent = stopped.sent.slice(1).reduce((sum, count) => sum + count, 0)
for (const session of slow) session.hurry()
const received = (): number => slow.reduce((sum, session) => sum + session.received, 0)
let last = -1
while (received() !== last) {
  last = received()
  await sleep(2000)
}
console.log(
  JSON.stringify({ calm, disturbed, readSlowly, received: received(), sent, problems: problems.list }),
)
process.exit(0)
