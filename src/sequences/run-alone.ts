import { MessageContext } from '../core/context.ts'
import type { Logger } from '../core/logger.ts'
import { MessageCounters } from '../core/metrics.ts'
import type { Deployment, Origin, Pipeline } from '../core/ports.ts'
import type { Message } from '../message/message.ts'
import { exchange } from './exchange.ts'

/** A sequence to be run by itself, and what it runs on. */
export interface AloneRun {
  readonly name: string
  readonly deployment: Deployment
  readonly log: Logger
  readonly message: Message
  /** Sets properties and the like before the first step. */
  readonly prepare: (ctx: MessageContext) => void
}

/**
 * Runs a sequence without a service around it: nobody waits for an answer, and the reply to `send` stays the message.
 * Gives the message as it was left, with the fault that no fault sequence handled; undefined where there is no such
 * sequence.
 */
export async function runAlone(run: AloneRun): Promise<MessageContext | undefined> {
  const { name, deployment, log, message, prepare } = run
  const pipeline = deployment.sequence(name)
  if (!pipeline) return undefined
  const counters = new MessageCounters()
  const service = {
    name,
    kind: 'sequence',
    label: '',
    deployment,
    log,
    counters,
    on: { message: pipeline },
    outflow: NOTHING,
    outDispatch: NOTHING,
    outFault: NOTHING,
    outKey: '',
  } as const
  const ctx = new MessageContext(service, NOBODY, message)
  prepare(ctx)
  counters.received++
  await exchange(ctx, pipeline)
  return ctx
}

const NOTHING: Pipeline = { run() {} }

const NOBODY: Origin = { kind: 'internal', request: undefined, reply() {}, ended() {} }
