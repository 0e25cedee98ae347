import { cron } from '../language/cron.ts'
import {
  boolean,
  Expected,
  integer,
  list,
  oneOfAnyCase,
  reference,
  text,
  type ValueType,
} from '../language/types.ts'

/** HTTP status codes. */
const statusCodes: ValueType<ReadonlySet<number>> = {
  name: 'comma-separated list of status codes',
  parse(value, setting) {
    const codes = list.parse(value, setting).map(Number)
    if (codes.some(code => !Number.isInteger(code))) throw new Expected('status codes such as 400,404')
    return new Set(codes)
  },
}

const delivery = 'Forwarding and failover. '
const ms = integer({ min: 1 })

/** The parameters of message processors. Each kind of processor uses those its description names. */
export const processorParameters = {
  interval: { type: ms, doc: 'Milliseconds from one run to the next.', default: 1000 },
  cronExpression: { type: cron, doc: 'When it runs, in place of an interval; each run empties the store.' },
  'is.active': { type: boolean, doc: 'Whether it runs at first.', default: true },
  'member.count': {
    type: integer({ min: 1, max: 100 }),
    doc: 'How many work side by side; more than one give up order.',
    default: 1,
  },
  throttle: {
    type: boolean,
    doc: 'Whether one run empties the store, with a pause between messages.',
    default: false,
  },
  'throttle.interval': {
    type: ms,
    doc: 'Milliseconds of that pause; default the interval, 1000 with a cron expression.',
  },
  'client.retry.interval': {
    type: integer({ min: 0 }),
    doc: `${delivery}Milliseconds between two attempts for one message.`,
    default: 1000,
  },
  'max.delivery.attempts': {
    type: integer({ min: -1 }),
    doc: `${delivery}Attempts for one message; -1 tries for ever. Default 4, for failover -1.`,
  },
  'max.delivery.drop': {
    type: oneOfAnyCase('Enabled', 'Disabled', 'true', 'false'),
    doc: `${delivery}Enabled drops a message after its attempts; otherwise the processor stops, and keeps it.`,
  },
  'max.deliver.attempts': { type: integer({ min: -1 }), doc: 'The older name of max.delivery.attempts.' },
  'max.deliver.drop': { type: text, doc: 'The older name of max.delivery.drop.' },
  'non.retry.status.codes': {
    type: statusCodes,
    doc: 'Forwarding. Status codes beside 2xx that count as success.',
  },
  'message.processor.reply.sequence': {
    type: reference,
    doc: 'Forwarding. Sequence for the answers of the endpoint; without one an answer stops the processor.',
  },
  'message.processor.fault.sequence': {
    type: reference,
    doc: `${delivery}Sequence for each failed attempt.`,
  },
  'message.processor.deactivate.sequence': {
    type: reference,
    doc: `${delivery}Sequence for the message at which the processor stops.`,
  },
  'message.processor.failMessagesStore': {
    type: reference,
    doc: 'Forwarding. Store for messages that used up their attempts.',
  },
  'target.endpoint': {
    type: reference,
    doc: 'Forwarding. The endpoint, where attribute targetEndpoint does not name it.',
  },
  'message.target.store.name': { type: reference, doc: 'Failover. The store messages go to.' },
  sequence: { type: reference, doc: 'Sampling. The sequence messages go through.' },
  concurrency: { type: integer({ min: 1 }), doc: 'Sampling. Messages taken per run.', default: 1 },
  'max.store.connection.attempts': { type: text, doc: 'Accepted; a store in memory is always there.' },
  'store.connection.retry.interval': { type: text, doc: 'Accepted; a store in memory is always there.' },
  'quartz.conf': { type: text, doc: 'Accepted; the schedule is the gateway’s own.' },
  'axis2.repo': { type: text, doc: 'Accepted; the endpoint sends as it always does.' },
  'axis2.config': { type: text, doc: 'Accepted; the endpoint sends as it always does.' },
} as const
