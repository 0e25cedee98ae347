import { setTimeout as sleep } from 'node:timers/promises'
import type { Claim, Row, RunOptions } from './claim.ts'
import { finding } from './compare.ts'
import { type Configuration, forwardLong } from './configuration.ts'
import { gateway } from './subjects.ts'
import { type LoadOptions, startLoad, startSubject, surroundings } from './surroundings.ts'
import { processTree, residentBytes } from './usage.ts'

const MIB = 1024 * 1024
const SAMPLE_MS = 25

/** One long body on its way through the gateway. */
interface Case {
  readonly what: string
  readonly method: 'GET' | 'POST'
  readonly mebibytes: number
  /** What the gateway may grow by. */
  readonly atMost: number
  /** Who is slow. */
  readonly slow?: 'client' | 'backend'
  readonly chunked?: boolean
}

/** A slow side takes or gives this much in a second. */
const SLOW_RATE = 16 * MIB

const CASES: readonly Case[] = [
  { what: 'in', method: 'POST', mebibytes: 2048, atMost: 64 },
  { what: 'out', method: 'GET', mebibytes: 2048, atMost: 64 },
  { what: 'in, written slowly', method: 'POST', mebibytes: 192, atMost: 64, slow: 'client', chunked: true },
  { what: 'in, read slowly', method: 'POST', mebibytes: 192, atMost: 64, slow: 'backend' },
  { what: 'out, read slowly', method: 'GET', mebibytes: 192, atMost: 64, slow: 'client', chunked: true },
]

/** Shows that bodies pass through the gateway without being held in memory. */
export const bodies: Claim = {
  name: 'bodies',
  title: 'What one long body adds to the resident memory of the gateway; HTTP to HTTP, property and send',
  async run(options) {
    const rows: Row[] = []
    for (const each of CASES) rows.push(await growth(each, forwardLong, options))
    return rows
  },
}

async function growth(
  { what, method, mebibytes, atMost, slow, chunked }: Case,
  configuration: Configuration,
  { quick, subjectCommand, progress }: RunOptions,
): Promise<Row> {
  const size = quick ? mebibytes / 4 : mebibytes
  const title = `${size} MiB ${what}`
  progress(title)
  const rate = `${SLOW_RATE}`
  const backend = [
    '--bytes',
    `${size * MIB}`,
    ...(chunked ? ['--chunked'] : []),
    ...(slow === 'backend' ? ['--rate', rate] : []),
  ]
  await using around = await surroundings(gateway(subjectCommand, configuration), ['bodies.ts', ...backend])
  await using program = await startSubject(around)
  const pids = processTree(program.pid)
  const url = `http://127.0.0.1:${around.ports.http}${around.subject.servicePath}`
  // What is loaded for the first request stays, whatever its size.
  await pass({ url, bytes: 1024 })
  await sleep(500)

  const before = residentBytes(pids)
  let highest = before
  const sampler = setInterval(() => {
    highest = Math.max(highest, residentBytes(pids))
  }, SAMPLE_MS)
  try {
    const load = { url, method, bytes: size * MIB, chunked, rate: slow === 'client' ? rate : undefined }
    const seconds = await pass(load)
    return finding({
      what: title,
      unit: 'MiB more',
      value: (highest - before) / MIB,
      atMost,
      aside: { 'MiB before': before / MIB, 'MiB highest': highest / MIB, 'MiB/s': size / seconds },
    })
  } finally {
    clearInterval(sampler)
  }
}

/** Sends one body through and gives the seconds it took. @throws Error when not all of it came through unchanged */
async function pass(load: LoadOptions): Promise<number> {
  await using client = startLoad('body-client.ts', load)
  const { seconds, problems } = JSON.parse(await client.line(/^\{/, 180_000)) as {
    seconds: number
    problems: readonly string[]
  }
  if (problems.length > 0) throw new Error(problems.join('; '))
  return seconds
}
