import { nodeRedAsk } from './baselines/node-red.ts'
import type { Claim } from './claim.ts'
import { compareAll } from './compare.ts'
import { ask } from './configuration.ts'
import { cpuPerMessage, type LoadPlan, timing } from './measure.ts'
import { bareRequestReply, corkedRequestReply, gateway, type Subject } from './subjects.ts'
import { ECHO } from './surroundings.ts'

const SIZE = 1024

/** Compares asking a WebSocket backend, answers found by id, with the same by node:http and `ws`. */
export const requestReply: Claim = {
  name: 'request-reply',
  title: 'HTTP POST of JSON answered by a WebSocket backend, found by id; call and respond; 50 connections',
  baseline: 'baselines/bare-request-reply.ts',
  async run(options) {
    const plan: LoadPlan = {
      to: 'http',
      backend: ECHO,
      connections: 50,
      size: SIZE,
      asks: true,
      status: 200,
      answer: SIZE,
    }
    const cpuOf = (subject: Subject) => () => cpuPerMessage(subject, plan, options)
    const nodeRed = nodeRedAsk()
    return compareAll(
      {
        what: `${SIZE} B`,
        unit: 'µs CPU/request',
        goal: { of: 'ratio', atMost: 1.1 },
        rounds: timing(options).rounds,
        ours: cpuOf(gateway(options.subjectCommand, ask)),
        baseline: cpuOf(bareRequestReply),
        progress: options.progress,
      },
      [
        { what: 'its writes corked', measure: cpuOf(corkedRequestReply) },
        ...(nodeRed ? [{ what: 'Node-RED', measure: cpuOf(nodeRed) }] : []),
      ],
    )
  },
}
