// Feeds the reader and a gateway with frames that something happened to:
//   node tests/protocol/fuzz.ts --frames 1000000 --seed 1
// It says what it did, and exits with 1 when something was wrong.
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type FuzzedGateway, fuzzedGateway } from './fuzz-gateway.ts'
import { fuzzReader } from './fuzz-reader.ts'
import { Random } from './fuzz-streams.ts'

/** How much is done. */
export interface FuzzOptions {
  readonly frames: number
  readonly seed: number
  /** Told now and then how far it is. */
  readonly progress?: (frames: number) => void
}

/** What was done, and what is left of it. */
export interface FuzzSummary {
  readonly seed: number
  readonly readerFrames: number
  readonly readerStreams: number
  readonly refused: number
  readonly gatewayFrames: number
  readonly connections: number
  readonly neighbourMessages: number
  readonly heapGrowthBytes: number
  readonly inFlight: number
  readonly errors: readonly string[]
  readonly seconds: number
}

/** A gateway gets one frame in so many; the reader the others. */
const GATEWAY_SHARE = 5
const AT_ONCE = 8

function collectGarbage(): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}

/** Runs the reader and a gateway until so many frames went in. */
export async function fuzz({ frames, seed, progress }: FuzzOptions): Promise<FuzzSummary> {
  const start = performance.now()
  const gc = collectGarbage()
  await using gateway = await fuzzedGateway()
  await gateway.start()
  const warm = frames / 10
  const done = { reader: 0, streams: 0, refused: 0, gateway: 0, connections: 0 }
  const random = new Random(seed)
  await run(random, done, { frames: warm, gateway, progress })
  const before = await heapOf(gateway, gc)
  await run(random, done, { frames, gateway, progress })
  const heapGrowthBytes = (await heapOf(gateway, gc)) - before
  const { inFlight } = await gateway.finish()
  return {
    seed,
    readerFrames: done.reader,
    readerStreams: done.streams,
    refused: done.refused,
    gatewayFrames: done.gateway,
    connections: done.connections,
    neighbourMessages: gateway.answered,
    heapGrowthBytes,
    inFlight,
    errors: gateway.errors,
    seconds: Math.round((performance.now() - start) / 1000),
  }
}

interface Done {
  reader: number
  streams: number
  refused: number
  gateway: number
  connections: number
}

interface Until {
  readonly frames: number
  readonly gateway: FuzzedGateway
  readonly progress: ((frames: number) => void) | undefined
}

async function run(random: Random, done: Done, { frames, gateway, progress }: Until): Promise<void> {
  const connections = async (): Promise<void> => {
    while (done.gateway < frames / GATEWAY_SHARE) {
      const fed = await gateway.feed(random)
      done.gateway += fed
      done.connections++
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, connections))
  while (done.reader + done.gateway < frames) {
    const fed = fuzzReader(random)
    done.reader += fed.frames
    done.streams++
    if (fed.isRefused) done.refused++
    if (done.streams % 256 !== 0) continue
    progress?.(done.reader + done.gateway)
    await new Promise(resolve => setImmediate(resolve))
  }
}

/** What is in use once all that can go is gone. */
async function heapOf(gateway: FuzzedGateway, gc: () => void): Promise<number> {
  gateway.forget()
  for (let i = 0; i < 5; i++) {
    await new Promise(resolve => setTimeout(resolve, 100))
    gc()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Says what a run came to, one fact a line. */
export function describeRun(summary: FuzzSummary): string {
  const mib = (summary.heapGrowthBytes / 1024 / 1024).toFixed(1)
  return [
    `seed ${summary.seed}: ${summary.readerFrames + summary.gatewayFrames} frames in ${summary.seconds} s`,
    `  reader: ${summary.readerFrames} frames in ${summary.readerStreams} streams, ${summary.refused} of them refused`,
    `  gateway: ${summary.gatewayFrames} frames over ${summary.connections} connections of clients and backends`,
    `  neighbour: ${summary.neighbourMessages} messages, each of them answered`,
    `  left: ${summary.inFlight} messages under way, memory ${mib} MiB more than after the first tenth`,
    ...summary.errors.map(text => `  error logged: ${text}`),
  ].join('\n')
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { frames: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
  })
  const frames = Number(values.frames)
  let shown = 0
  const progress = (count: number): void => {
    if (count - shown < frames / 10) return
    shown = count
    process.stderr.write(`${count} frames\n`)
  }
  const summary = await fuzz({ frames, seed: Number(values.seed), progress })
  process.stdout.write(`${describeRun(summary)}\n`)
  const isSound =
    summary.inFlight === 0 && summary.errors.length === 0 && summary.heapGrowthBytes < 16 * 1024 * 1024
  process.exitCode = isSound ? 0 : 1
}

if (import.meta.main) await main()
