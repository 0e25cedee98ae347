import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { allAnswered, inTurns, Problems } from './generator.ts'
import type { HttpAnswer } from './http-answer.ts'
import { HttpConnection, requestOf } from './http-connection.ts'

// Many callers with one question each, all of them waiting at the same time. Their ids are shared by many, as those
// of callers who know nothing of each other are; what tells them apart is a token that nobody but the backend hands
// back; the backend answers tokens of a warm-up at once. Opens all connections, asks within --ramp seconds, and prints one line of JSON when all is answered.
const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    soap: { type: 'string' },
    callers: { type: 'string', default: '100' },
    rounds: { type: 'string', default: '1' },
    ramp: { type: 'string', default: '1' },
    timeout: { type: 'string', default: '5000' },
    'warm-up': { type: 'boolean', default: false },
  },
})
const timeoutMs = Number(values.timeout)
const rampMs = Number(values.ramp) * 1000
const rounds = Number(values.rounds)
/** Callers ask in bursts this far apart, so that none of them waits for the others. */
const BURST_MS = 5
/** This many different ids there are. */
const IDS = 100

interface Caller {
  readonly connection: HttpConnection
  readonly request: Buffer
  /** All an answer has to contain. */
  readonly expected: readonly string[]
  askedAt: number
  roundsLeft: number
}

const result = { right: 0, wrong: 0, timedOut: 0, worstDeviationMs: 0 }
const problems = new Problems()
let owed = 0

function ask(caller: Caller): void {
  caller.roundsLeft--
  caller.askedAt = performance.now()
  caller.connection.send(caller.request)
}

function answered(caller: Caller, { status, body }: HttpAnswer): void {
  const tookMs = performance.now() - caller.askedAt
  owed--
  if (status === 200) {
    if (caller.expected.every(text => body.includes(text))) result.right++
    else {
      result.wrong++
      problems.add(`asked for ${caller.expected.join(' ')}, got ${body.slice(0, 300)}`)
    }
  } else if (status === 504 || body.includes('101504')) {
    result.timedOut++
    const deviation = Math.abs(tookMs - timeoutMs)
    result.worstDeviationMs = Math.max(result.worstDeviationMs, deviation)
  } else problems.add(`answered ${status} with ${body.slice(0, 300)}`)
  if (caller.roundsLeft > 0) ask(caller)
}

function callerOf(url: URL, type: string, bodyOf: Body, i: number): Caller {
  const id = `${i % IDS}`
  const token = `${values['warm-up'] ? 'warm-up' : 'token'}-${i}-${Math.random().toString(36).slice(2)}-`
  const { body, expected } = bodyOf(id, token)
  const caller: Caller = {
    request: requestOf('POST', url, { bytes: Buffer.from(body), type }),
    expected,
    askedAt: 0,
    roundsLeft: rounds,
    connection: new HttpConnection({
      url,
      answer: answer => answered(caller, answer),
      problem: problems.add,
    }),
  }
  return caller
}

type Body = (id: string, token: string) => { body: string; expected: readonly string[] }

const jsonBody: Body = (id, token) => ({
  body: JSON.stringify({ id: Number(id), token }),
  expected: [`"id":${id},`, `"${token}"`],
})

const soapBody: Body = (id, token) => ({
  body: `<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Header><wsa:MessageID xmlns:wsa="http://www.w3.org/2005/08/addressing">urn:ask:${id}</wsa:MessageID></soapenv:Header><soapenv:Body><m:ask xmlns:m="urn:pairs"><m:token>${token}</m:token></m:ask></soapenv:Body></soapenv:Envelope>`,
  expected: [`RelatesTo`, `>urn:ask:${id}<`, `>${token}<`],
})

function callersOf(address: string | undefined, type: string, body: Body): readonly Caller[] {
  if (address === undefined) return []
  const url = new URL(address)
  return Array.from({ length: Number(values.callers) }, (_, i) => callerOf(url, type, body, i))
}

/** Has all callers ask, evenly over the ramp. */
function ramp(callers: readonly Caller[]): Promise<void> {
  const from = performance.now()
  let next = 0
  return new Promise(resolve => {
    const timer = setInterval(() => {
      const due = Math.min(callers.length, ((performance.now() - from) / rampMs) * callers.length)
      for (; next < due; next++) ask(callers[next]!)
      if (next < callers.length) return
      clearInterval(timer)
      resolve()
    }, BURST_MS)
  })
}

const json = callersOf(values.json, 'application/json', jsonBody)
const soap = callersOf(values.soap, 'text/xml; charset=UTF-8', soapBody)
// One of each kind in turn, so that both are under way at any time.
const callers = Array.from({ length: Math.max(json.length, soap.length) }, (_, i) => [json[i], soap[i]])
  .flat()
  .filter(caller => caller !== undefined)
owed = callers.length * rounds
await inTurns(callers, ({ connection }) => connection.open())
console.log('READY')
const delay = monitorEventLoopDelay({ resolution: 5 })
delay.enable()
await ramp(callers)
await allAnswered(() => owed, rounds * timeoutMs + 30_000, problems.add)
console.log(JSON.stringify({ ...result, ownDelayMs: delay.max / 1e6, problems: problems.list }))
process.exit(problems.list.length > 0 ? 1 : 0)
