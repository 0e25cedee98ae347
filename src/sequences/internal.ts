import type { MessageContext } from '../core/context.ts'
import type { Origin, Pipeline, Service } from '../core/ports.ts'
import type { Build } from '../language/declare.ts'

/** The caller of messages that nobody sent: those of tasks, message processors and files. Answers go nowhere. */
export const NOBODY: Origin = {
  kind: 'internal',
  request: undefined,
  reply(ctx: MessageContext): void {
    ctx.ending = 'discarded'
    ctx.log.debug({ message: ctx.id }, `${ctx.service.label}nobody waits for an answer: it was discarded`)
  },
  ended(): void {},
}

/** Makes the service of messages that start inside the gateway. Answers of `send` go through main, as the original has it. */
export function internalService(
  kind: 'task' | 'message processor' | 'inbound endpoint',
  name: string,
  message: Pipeline | undefined,
  build: Build,
): Service {
  const main = build.mainSequence(undefined)
  return {
    name,
    kind,
    label: `{${kind === 'inbound endpoint' ? 'inboundendpoint' : kind}:${name}} `,
    deployment: build.deployment,
    log: build.log,
    counters: build.counters(`${kind} ${name}`),
    on: message ? { message } : {},
    outflow: main,
    outDispatch: main,
    outFault: build.faultSequence(undefined),
    outKey: 'main',
  }
}
