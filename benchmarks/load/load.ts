import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { BroadcastGenerator } from './broadcast-generator.ts'
import type { Generator, GeneratorOptions } from './generator.ts'
import { HttpGenerator } from './http-generator.ts'
import { WebSocketGenerator } from './websocket-generator.ts'

// Loads one subject from a process of its own: a `ws:` address with messages over open sessions, an `http:` one with
// requests. Prints START and END around the measured window and one line of JSON after it. With --idle it opens
// the sessions, has each answered once, prints READY and holds them until its input ends. With --broadcast one of the
// sessions speaks, and all are to hear it.

interface Plan extends GeneratorOptions {
  readonly warmUpMs: number
  readonly windowMs: number
  readonly idle: boolean
  readonly broadcast: boolean
}

function readPlan(): Plan {
  const { values } = parseArgs({
    options: {
      url: { type: 'string' },
      connections: { type: 'string', default: '50' },
      size: { type: 'string', default: '128' },
      depth: { type: 'string', default: '1' },
      seconds: { type: 'string', default: '2' },
      'warm-up': { type: 'string', default: '1' },
      type: { type: 'string', default: 'text/plain' },
      method: { type: 'string', default: 'POST' },
      asks: { type: 'boolean', default: false },
      status: { type: 'string', default: '202' },
      answer: { type: 'string' },
      binary: { type: 'boolean', default: false },
      idle: { type: 'boolean', default: false },
      broadcast: { type: 'boolean', default: false },
    },
  })
  if (values.url === undefined) throw new Error('no --url; give the ws: or http: address of the subject')
  return {
    url: new URL(values.url),
    connections: Number(values.connections),
    size: Number(values.size),
    depth: Number(values.depth),
    binary: values.binary,
    type: values.type,
    method: values.method,
    asks: values.asks,
    status: Number(values.status),
    ...(values.answer !== undefined && { answer: Number(values.answer) }),
    warmUpMs: Number(values['warm-up']) * 1000,
    windowMs: Number(values.seconds) * 1000,
    idle: values.idle,
    broadcast: values.broadcast,
  }
}

async function holdIdle(generator: Generator): Promise<void> {
  await generator.askOnce()
  console.log('READY')
  for await (const _ of process.stdin);
}

async function loadForAWindow(generator: Generator, plan: Plan): Promise<object> {
  generator.start()
  await sleep(plan.warmUpMs)
  console.log('START')
  const before = generator.answered
  const from = performance.now()
  await sleep(plan.windowMs)
  const messages = generator.answered - before
  const seconds = (performance.now() - from) / 1000
  console.log('END')
  await generator.drain(5000)
  return { messages, seconds }
}

function generatorOf(plan: Plan): Generator {
  if (plan.broadcast) return new BroadcastGenerator(plan)
  return plan.url.protocol === 'http:' ? new HttpGenerator(plan) : new WebSocketGenerator(plan)
}

const plan = readPlan()
const generator = generatorOf(plan)
await generator.open()
const result = plan.idle ? await holdIdle(generator) : await loadForAWindow(generator, plan)
const { answered, problems } = generator
console.log(JSON.stringify({ ...result, answered, problems }))
process.exit(problems.length > 0 ? 1 : 0)
