import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Claim, Row, RunOptions } from './claim.ts'
import { finding } from './compare.ts'
import { type Correlation, pairs as configuration } from './configuration.ts'
import { gateway } from './subjects.ts'
import { type LoadOptions, SUBJECT_CORE, startLoad, startSubject, surroundings } from './surroundings.ts'
import { othersOn, processTree } from './usage.ts'

/** How many ask, how the backend answers, and what tells the answers apart. Times in milliseconds. */
interface Plan {
  readonly what: string
  /** Of each kind: JSON and SOAP. */
  readonly callers: number
  readonly rounds: number
  readonly rampMs: number
  readonly timeoutMs: number
  /** Answers that are not late take between so long and so long. */
  readonly answers: readonly [number, number]
  readonly json: Correlation
  readonly soap: Correlation
}

/** Each answer takes longer than all the asking: there is a time when all callers wait. */
function byId(callers: number, quick: boolean): Plan {
  return {
    what: `${callers} JSON and ${callers} SOAP callers, by id`,
    callers,
    rounds: 1,
    rampMs: quick ? 1000 : 24_000,
    timeoutMs: quick ? 5000 : 45_000,
    answers: quick ? [1500, 4000] : [25_000, 43_000],
    json: { by: 'json', field: 'id' },
    soap: { by: 'soap' },
  }
}

/** Lanes that wait for what is late are a part of all only, so that nobody waits too long for a turn. */
function byLane(callers: number, rounds: number): Plan {
  return {
    what: `${callers} JSON and ${callers} SOAP callers, ${rounds} questions each, 8 lanes`,
    callers,
    rounds,
    rampMs: 500,
    timeoutMs: 500,
    answers: [1, 50],
    ...LANES,
  }
}

/**
 * A late answer blocks its lane until the limit: soon all are blocked, and nearly all callers wait for a turn. Many
 * wait in vain, and have to be told in time.
 */
function queuedByLane(callers: number, quick: boolean): Plan {
  return {
    what: `${callers} JSON and ${callers} SOAP callers, 8 lanes`,
    callers,
    rounds: 1,
    rampMs: quick ? 1000 : 18_000,
    timeoutMs: quick ? 5000 : 30_000,
    answers: [1, 50],
    ...LANES,
  }
}

const LANES = {
  json: { by: 'lane', links: '8' },
  soap: { by: 'lane', links: '8' },
} as const

/** Shows that each of many callers gets the answer to its own question, or is told in time that there is none. */
export const pairs: Claim = {
  name: 'pairs',
  title: 'Callers over HTTP and one WebSocket backend that shuffles its answers and sends 1 % of them late',
  async run(options) {
    const { quick } = options
    return [
      ...(await ask(byId(quick ? 500 : mostCallers(), quick), options)),
      ...(await ask(byLane(20, quick ? 20 : 100), options)),
      ...(await ask(queuedByLane(quick ? 300 : Math.min(5000, mostCallers()), quick), options)),
    ]
  },
}

/** Ten thousand of each kind, or as many as one process may have sockets. */
function mostCallers(): number {
  const limit = /^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1]
  return Math.min(10_000, Math.floor((Number(limit ?? Number.POSITIVE_INFINITY) - 1000) / 2 / 500) * 500)
}

/** What the callers have seen. */
interface Heard {
  readonly right: number
  readonly wrong: number
  readonly timedOut: number
  readonly worstDeviationMs: number
  readonly ownDelayMs: number
  readonly problems: readonly string[]
}

/** What the backend has done. */
interface Done {
  readonly messages: number
  readonly late: number
  readonly abandoned: number
  readonly mostWaiting: number
}

async function ask(plan: Plan, { subjectCommand, progress }: RunOptions): Promise<readonly Row[]> {
  const { what, callers, rounds, rampMs, timeoutMs, answers } = plan
  progress(what)
  const [least, most] = answers
  const backend = ['--timeout', `${timeoutMs}`, '--from', `${least}`, '--to', `${most}`]
  const subject = gateway(subjectCommand, configuration(plan))
  await using around = await surroundings(subject, ['shuffling.ts', ...backend])
  let counted = 0
  await using program = await startSubject(around, line => {
    if (line.includes('answer = late')) counted++
  })
  const services = `http://127.0.0.1:${around.ports.http}/services`
  const to = { json: `${services}/json`, soap: `${services}/soap` }
  await hear({ ...to, ...WARM_UP })
  await sleep(1000)
  counted = 0
  const load = { ...to, callers, rounds, ramp: rampMs / 1000, timeout: timeoutMs }
  const others = othersOn(SUBJECT_CORE, processTree(program.pid))
  const heard = await hear(load, rampMs + rounds * timeoutMs)
  const othersPercent = others()
  // The last late answer is two seconds behind its limit.
  await sleep(3000)
  const answer = await fetch(`http://127.0.0.1:${around.ports.backend}/`)
  return rowsOf(what, { ...heard, othersPercent }, (await answer.json()) as Done, counted)
}

/** What is not compiled yet is slow, which is no matter of timeouts. */
const WARM_UP: LoadOptions = { callers: 50, rounds: 40, 'warm-up': true }

/** Has callers ask, for so long at least. @throws Error when one gets something that is neither answer nor timeout */
async function hear(options: LoadOptions, limitMs = 0): Promise<Heard> {
  await using load = startLoad('callers.ts', options)
  await load.line(/^READY$/, 120_000)
  const heard = JSON.parse(await load.line(/^\{/, limitMs + 60_000)) as Heard
  if (heard.problems.length > 0 && heard.wrong === 0) throw new Error(heard.problems.join('; '))
  return heard
}

function rowsOf(
  what: string,
  heard: Heard & { othersPercent: number },
  done: Done,
  counted: number,
): readonly Row[] {
  const { right, wrong, timedOut, worstDeviationMs, ownDelayMs, othersPercent } = heard
  const { messages, mostWaiting, late, abandoned } = done
  return [
    finding({
      what: `${what}: wrong pairs`,
      unit: 'answers',
      value: wrong,
      atMost: 0,
      aside: { asked: messages, right, 'timed out': timedOut, 'most at once': mostWaiting },
    }),
    finding({
      what: 'neither given to their caller nor counted as late',
      unit: 'answers',
      value: Math.abs(messages - right - counted - abandoned),
      atMost: 0,
      aside: { 'late sent': late, counted, 'link gone': abandoned },
    }),
    finding({
      what: 'worst timeout, off its limit',
      unit: 'ms',
      value: worstDeviationMs,
      atMost: 50,
      aside: { timeouts: timedOut, 'callers behind, ms': ownDelayMs, 'others on its core, %': othersPercent },
    }),
  ]
}
