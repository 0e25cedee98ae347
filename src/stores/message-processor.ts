import type { Service } from '../core/ports.ts'
import { artifact, type Build } from '../language/declare.ts'
import { attribute, body, type Config, child, parameters } from '../language/field.ts'
import { name, reference, text } from '../language/types.ts'
import { internalService } from '../sequences/internal.ts'
import type { DeliveryRules } from './delivery.ts'
import { failover } from './failover.ts'
import { forwarding } from './forwarding.ts'
import { type Pace, Processor, ProcessorState, type Work } from './processor.ts'
import { processorParameters } from './processor-parameters.ts'
import { sampling } from './sampling.ts'

type Kind = 'forwarding' | 'sampling' | 'failover'

/** Kinds by how their class ends: packages have changed over time. */
const KINDS: readonly (readonly [ending: RegExp, kind: Kind])[] = [
  [/\.FailoverScheduledMessageForwardingProcessor$/, 'failover'],
  [/\.ScheduledMessageForwardingProcessor$/, 'forwarding'],
  [/\.SamplingProcessor$/, 'sampling'],
]

const fields = {
  name: attribute(name, { doc: 'Name of the processor.', required: true }),
  class: attribute(text, {
    doc: 'What it does: a name that ends in `ScheduledMessageForwardingProcessor`, `SamplingProcessor` or `FailoverScheduledMessageForwardingProcessor`.',
    required: true,
  }),
  messageStore: attribute(reference, { doc: 'The store it takes messages from.', required: true }),
  targetEndpoint: attribute(reference, { doc: 'Forwarding. The endpoint messages are sent to.' }),
  description: child({ text: body(text, { doc: 'Text.' }) }, { doc: 'For people.' }),
  parameters: parameters(processorParameters, {
    doc: 'When it works, and how; environment variables as for inbound endpoints.',
  }),
}

type Values = Config<typeof fields>

/** Takes messages from a store and does something with each. */
export const messageProcessorArtifact = artifact({
  element: 'messageProcessor',
  folder: 'message-processors',
  space: 'messageProcessor',
  summary:
    'Takes messages from a store by a schedule: sends them to an endpoint, runs them through a sequence, or moves them to another store.',
  fields,
  ignored: { statistics: 'counters are always kept', trace: 'the level of the log decides what is traced' },
  notes:
    'Without `throttle` or a cron expression each run takes one message. A forwarding processor keeps the order of the store: a message that cannot be delivered holds back all others until its attempts are used up. A processor that stops keeps its messages; it is as it was left after a redeployment, and starts anew with the process.',
  example: `<messageProcessor name="Forward" messageStore="Orders" targetEndpoint="Backend"
    class="org.apache.synapse.message.processor.impl.forwarder.ScheduledMessageForwardingProcessor"
    xmlns="http://ws.apache.org/ns/synapse">
    <parameter name="interval">1000</parameter>
    <parameter name="max.delivery.attempts">4</parameter>
    <parameter name="message.processor.reply.sequence">onReply</parameter>
</messageProcessor>`,
  nameOf: config => config.name ?? '',

  check({ name, class: className, parameters: values }, wrong) {
    const kind = kindOf(className)
    if (!kind)
      wrong(`Message processor ${name} is not supported: it runs the Java class ${className}.`, {
        code: 'not-supported',
        hint: 'Scheduled forwarding, sampling and scheduled failover processors are there.',
      })
    if (kind === 'sampling' && !values.sequence)
      wrong('A sampling <messageProcessor> needs parameter sequence.', { code: 'missing' })
    if (kind === 'failover' && !values['message.target.store.name'])
      wrong('A failover <messageProcessor> needs parameter message.target.store.name.', { code: 'missing' })
  },

  compile(config, build, span) {
    const { name: processorName, messageStore, parameters: values } = config
    // A store that is not there is reported here; the processor finds out again when it runs.
    build.messageStore(messageStore)
    const service = internalService('message processor', processorName, undefined, build)
    const state = build.resource(
      `message processor ${processorName}`,
      () => new ProcessorState(values['is.active']),
    )
    const kind = kindOf(config.class)!
    const target = config.targetEndpoint ?? values['target.endpoint']
    if (kind === 'forwarding' && target)
      build.endpoint({ name: undefined, key: target, kind: undefined, config: undefined, span })
    const work = workOf(kind, config, { service, state, build })
    return {
      activities: [new Processor(service, { store: messageStore.name, state, pace: paceOf(values), work })],
    }
  },
})

function kindOf(className: string): Kind | undefined {
  return KINDS.find(([ending]) => ending.test(className))?.[1]
}

function workOf(
  kind: Kind,
  { parameters: values, targetEndpoint }: Values,
  { service, state, build }: { service: Service; state: ProcessorState; build: Build },
): Work {
  if (kind === 'sampling') return sampling(service, build.sequence(values.sequence!), values.concurrency)
  const rules = rulesOf(values, kind, build)
  if (kind === 'failover')
    return failover(service, state, { target: values['message.target.store.name']!.name, rules })
  const reply = values['message.processor.reply.sequence']
  return forwarding(service, state, {
    target: (targetEndpoint ?? values['target.endpoint'])?.name,
    successCodes: values['non.retry.status.codes'] ?? new Set(),
    replySequence: reply && build.sequence(reply),
    rules,
  })
}

function rulesOf(values: Values['parameters'], kind: Kind, build: Build): DeliveryRules {
  const fault = values['message.processor.fault.sequence']
  const deactivated = values['message.processor.deactivate.sequence']
  const failedName = values['message.processor.failMessagesStore']
  const failed = failedName && build.messageStore(failedName)
  return {
    maxAttempts:
      values['max.delivery.attempts'] ?? values['max.deliver.attempts'] ?? (kind === 'failover' ? -1 : 4),
    retryMs: values['client.retry.interval'],
    drops: /^(?:enabled|true)$/i.test(values['max.delivery.drop'] ?? values['max.deliver.drop'] ?? ''),
    failed: failed && { put: async ctx => await failed.put(ctx) },
    faultSequence: fault && build.sequence(fault),
    deactivateSequence: deactivated && build.sequence(deactivated),
  }
}

function paceOf(values: Values['parameters']): Pace {
  const { interval, cronExpression, throttle } = values
  const isThrottled = throttle || (interval < 1000 && !cronExpression)
  const throttleMs = values['throttle.interval'] ?? (cronExpression ? 1000 : interval)
  return {
    intervalMs: interval,
    cron: cronExpression,
    drainPauseMs: isThrottled ? throttleMs : cronExpression ? 0 : undefined,
    members: values['member.count'],
  }
}
