import type { Service } from '../core/ports.ts'
import { artifact, type Build } from '../language/declare.ts'
import { attribute, body, type Config, child, parameters } from '../language/field.ts'
import { name, reference, text } from '../language/types.ts'
import { internalService } from '../sequences/internal.ts'
import { Deactivation } from './deactivation.ts'
import { Delivery, type DeliveryRules } from './delivery.ts'
import { failover } from './failover.ts'
import { forwarding } from './forwarding.ts'
import { Processor } from './processor.ts'
import { processorParameters } from './processor-parameters.ts'
import type { Pace, ProcessorSetup, Work } from './processor-run.ts'
import { ProcessorStates } from './processor-states.ts'
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
    'Without `throttle` or a cron expression each run takes one message. With an `interval` below 1000 each run empties the store, as with `throttle`, and pauses for `throttle.interval` between messages; 0 makes no pause. The first run is at once.\n\nA forwarding processor keeps the order of the store as long as `member.count` is 1: a message that cannot be delivered holds back all others until its attempts are used up. Then it goes to `message.processor.failMessagesStore`; without that, `max.delivery.drop` makes it a dead letter of its store; without either the processor stops and keeps it. A message moved to another store says why in its properties `dead.letter.reason`, `dead.letter.code`, `dead.letter.attempts`, `dead.letter.processor` and `dead.letter.store`.\n\nA message may be delivered twice and is never lost: it leaves the store after it was delivered. A WebSocket endpoint has a message once it is written to an open connection; with `<correlation>` once its reply has come, which goes to the reply sequence.\n\nWhether it is active outlives restarts once somebody, or the processor itself, has switched it: in `processors.json` of the data folder, or in Redis. Of the processes that share a store one works at a time: of all with a store in Redis, of one server with a store in a file. A store in memory is each process’s own.\n\nCompatibility: the original stops the processor at an answer for which there is no reply sequence; here it is let go of. It drops messages for good where they are dead letters here.',
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
    const { cluster, settings, log } = build
    const states = build.resource(
      'message processor states',
      () => new ProcessorStates(cluster, settings.storage, log),
    )
    const state = states.of(processorName, values['is.active'])
    const kind = kindOf(config.class)!
    const target = config.targetEndpoint ?? values['target.endpoint']
    if (kind === 'forwarding' && target)
      build.endpoint({ name: undefined, key: target, kind: undefined, config: undefined, span })
    const stopSequence = values['message.processor.deactivate.sequence']
    const stopped = stopSequence && build.sequence(stopSequence)
    const deactivation = new Deactivation(service, state, states, stopped)
    const store = messageStore.name
    const setup: ProcessorSetup = {
      store,
      state,
      pace: paceOf(values),
      patience: {
        maxAttempts: values['max.store.connection.attempts'],
        retryMs: values['store.connection.retry.interval'],
      },
      work: {
        ...workOf(kind, config, { service, deactivation, build }),
        stopFor: fault => deactivation.for(`message store ${store} cannot be reached`, fault),
      },
    }
    const processor = new Processor(service, kind, setup, {
      states,
      cluster,
      dataFolder: settings.storage.dataFolder,
    })
    return { activities: [processor], processors: [processor] }
  },
})

function kindOf(className: string): Kind | undefined {
  return KINDS.find(([ending]) => ending.test(className))?.[1]
}

function workOf(
  kind: Kind,
  { parameters: values, targetEndpoint }: Values,
  {
    service,
    deactivation,
    build,
  }: {
    readonly service: Service
    readonly deactivation: Deactivation
    readonly build: Build
  },
): Pick<Work, 'one' | 'concurrency'> {
  if (kind === 'sampling') return sampling(service, build.sequence(values.sequence!), values.concurrency)
  const ends = kind === 'failover' ? 'moved' : 'delivered'
  const delivery = new Delivery(service, rulesOf(values, kind, build), deactivation, ends)
  if (kind === 'failover') return failover(service, values['message.target.store.name']!.name, delivery)
  const reply = values['message.processor.reply.sequence']
  return forwarding(service, {
    target: (targetEndpoint ?? values['target.endpoint'])?.name,
    successCodes: values['non.retry.status.codes'] ?? new Set(),
    replySequence: reply && build.sequence(reply),
    delivery,
    deactivation,
  })
}

function rulesOf(values: Values['parameters'], kind: Kind, build: Build): DeliveryRules {
  const fault = values['message.processor.fault.sequence']
  const failed = values['message.processor.failMessagesStore']
  return {
    maxAttempts:
      values['max.delivery.attempts'] ?? values['max.deliver.attempts'] ?? (kind === 'failover' ? -1 : 4),
    retryMs: values['client.retry.interval'],
    drops: /^(?:enabled|true)$/i.test(values['max.delivery.drop'] ?? values['max.deliver.drop'] ?? ''),
    failed: failed && build.messageStore(failed),
    faultSequence: fault && build.sequence(fault),
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
