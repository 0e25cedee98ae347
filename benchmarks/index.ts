import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import type { Claim, Row, RunOptions } from './claim.ts'
import { canPin } from './program.ts'
import { table } from './table.ts'

// Runs the claims named on the command line, all by default, and prints what was measured. See README.md.

/** Loaded one by one, so that a claim whose subject does not load leaves the others as they are. */
const CLAIMS: Readonly<Record<string, () => Promise<Claim>>> = {
  pipeline: async () => (await import('./pipeline.bench.ts')).pipeline,
  mediation: async () => (await import('./mediation.bench.ts')).mediation,
  relay: async () => (await import('./relay.bench.ts')).relay,
  broadcast: async () => (await import('./broadcast.bench.ts')).broadcast,
  'http-to-ws': async () => (await import('./http-to-ws.bench.ts')).httpToWebSocket,
  'http-to-http': async () => (await import('./http-to-http.bench.ts')).httpToHttp,
  'request-reply': async () => (await import('./request-reply.bench.ts')).requestReply,
  startup: async () => (await import('./startup.bench.ts')).startup,
  memory: async () => (await import('./memory.bench.ts')).memory,
  bodies: async () => (await import('./bodies.bench.ts')).bodies,
  pairs: async () => (await import('./pairs.bench.ts')).pairs,
  'slow-readers': async () => (await import('./slow-readers.bench.ts')).slowReaders,
  churn: async () => (await import('./churn.bench.ts')).churn,
  takeover: async () => (await import('./takeover.bench.ts')).takeover,
  stores: async () => (await import('./stores.bench.ts')).stores,
  'sdk-echo': async () => (await import('./sdk-echo.bench.ts')).sdkEcho,
  mocks: async () => (await import('./mocks.bench.ts')).mocks,
  reconnect: async () => (await import('./reconnect.bench.ts')).reconnect,
  'rolling-restart': async () => (await import('./rolling-restart.bench.ts')).rollingRestart,
}

interface Report {
  readonly name: string
  readonly title?: string
  readonly baseline?: string
  readonly rows: readonly Row[]
  /** Why there are no rows. */
  readonly error?: string
}

async function report(name: string, options: RunOptions, print: (text: string) => void): Promise<Report> {
  try {
    const claim = await CLAIMS[name]!()
    const rows = await claim.run(options)
    print(table(claim, rows))
    return { name, title: claim.title, baseline: claim.baseline, rows }
  } catch (cause) {
    const error = cause instanceof Error ? cause.message : String(cause)
    print(`${name}: not measured. ${error}\n`)
    return { name, rows: [], error }
  }
}

function machine(): object {
  return {
    date: new Date().toISOString(),
    node: process.version,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    pinned: canPin,
  }
}

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    strict: { type: 'boolean', default: false },
    'subject-cmd': { type: 'string' },
  },
})

const names = positionals.length > 0 ? positionals : Object.keys(CLAIMS)
const unknown = names.filter(name => !Object.hasOwn(CLAIMS, name))
if (unknown.length > 0) {
  console.error(`no claim is named ${unknown.join(', ')}; there are ${Object.keys(CLAIMS).join(', ')}`)
  process.exit(2)
}

const print = flags.json ? (): void => {} : (text: string): void => console.log(text)
const reports: Report[] = []
for (const name of names) {
  const subjectCommand = flags['subject-cmd']?.split(/\s+/)
  const progress = (text: string): void => console.error(`${name}: ${text}`)
  const options: RunOptions = { quick: flags.quick, progress, ...(subjectCommand && { subjectCommand }) }
  reports.push(await report(name, options, print))
}
if (flags.json) console.log(JSON.stringify({ ...machine(), quick: flags.quick, claims: reports }, null, 2))

const isUnmeasured = reports.some(({ error }) => error !== undefined)
const isMissed = reports.some(({ rows }) => rows.some(row => !row.met))
process.exitCode = isUnmeasured || (flags.strict && isMissed) ? 1 : 0
