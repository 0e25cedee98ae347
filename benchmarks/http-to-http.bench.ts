import type { Claim, Row, RunOptions } from './claim.ts'
import { compare } from './compare.ts'
import { forward } from './configuration.ts'
import { cpuPerMessage, type LoadPlan, timing } from './measure.ts'
import { fastifyProxy, gateway } from './subjects.ts'

const SIZE = 1024

/** Compares a proxy service in front of an HTTP backend with Fastify's own proxy plugin. */
export const httpToHttp: Claim = {
  name: 'http-to-http',
  title: 'HTTP request sent on to an HTTP backend, answer returned; property and send; 50 connections',
  baseline: 'baselines/fastify-proxy.ts',
  async run(options) {
    const rows: Row[] = []
    for (const method of ['POST', 'GET'] as const) rows.push(await compareMethod(method, options))
    return rows
  },
}

function compareMethod(method: 'GET' | 'POST', options: RunOptions): Promise<Row> {
  const subject = gateway(options.subjectCommand, forward)
  const plan: LoadPlan = {
    to: 'http',
    backend: ['http.ts', '--size', String(SIZE)],
    connections: 50,
    method,
    size: SIZE,
    status: 200,
    answer: SIZE,
  }
  return compare({
    what: method === 'GET' ? 'GET, 1 KiB back' : 'POST, 1 KiB there and back',
    unit: 'µs CPU/request',
    goal: { of: 'ratio', atMost: 1 },
    rounds: timing(options).rounds,
    ours: () => cpuPerMessage(subject, plan, options),
    baseline: () => cpuPerMessage(fastifyProxy, plan, options),
    progress: options.progress,
  })
}
