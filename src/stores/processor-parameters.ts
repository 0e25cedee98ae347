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
  interval: {
    type: ms,
    doc: 'Milliseconds from one run to the next; below 1000 each run empties the store, as with throttle.',
    default: 1000,
  },
  cronExpression: { type: cron, doc: 'When it runs, in place of an interval; each run empties the store.' },
  'is.active': {
    type: boolean,
    doc: 'Whether it runs at first; once it was switched, that counts.',
    default: true,
  },
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
    type: integer({ min: 0 }),
    doc: 'Milliseconds of that pause, 0 for none; default the interval, 1000 with a cron expression.',
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
    doc: `${delivery}Enabled makes a message a dead letter of its store after its attempts, and goes on; otherwise the processor stops, and keeps it.`,
  },
  'max.deliver.attempts': { type: integer({ min: -1 }), doc: 'The older name of max.delivery.attempts.' },
  'max.deliver.drop': { type: text, doc: 'The older name of max.delivery.drop.' },
  'non.retry.status.codes': {
    type: statusCodes,
    doc: 'Forwarding. Status codes beside 2xx that count as success.',
  },
  'message.processor.reply.sequence': {
    type: reference,
    doc: 'Forwarding. Sequence for the answers of the endpoint; without one they are let go of.',
  },
  'message.processor.fault.sequence': {
    type: reference,
    doc: `${delivery}Sequence for each failed attempt.`,
  },
  'message.processor.deactivate.sequence': {
    type: reference,
    doc: 'Sequence for the message at which the processor stops by itself; an empty one where the store is away.',
  },
  'message.processor.failMessagesStore': {
    type: reference,
    doc: `${delivery}Store for messages that used up their attempts; they are there before they leave this one.`,
  },
  'target.endpoint': {
    type: reference,
    doc: 'Forwarding. The endpoint, where attribute targetEndpoint does not name it.',
  },
  'message.target.store.name': { type: reference, doc: 'Failover. The store messages go to.' },
  sequence: { type: reference, doc: 'Sampling. The sequence messages go through.' },
  concurrency: { type: integer({ min: 1 }), doc: 'Sampling. Messages taken per run.', default: 1 },
  'max.store.connection.attempts': {
    type: integer({ min: -1 }),
    doc: 'Attempts to reach a store that is away; then the processor stops. -1 tries for ever.',
    default: -1,
  },
  'store.connection.retry.interval': { type: ms, doc: 'Milliseconds between these.', default: 1000 },
  pinnedServers: { type: text, doc: 'Accepted; whichever process is there works.' },
  'bind.processor.server': { type: text, doc: 'Accepted; whichever process is there works.' },
  'quartz.conf': { type: text, doc: 'Accepted; the schedule is the gateway’s own.' },
  'axis2.repo': { type: text, doc: 'Accepted; the endpoint sends as it always does.' },
  'axis2.config': { type: text, doc: 'Accepted; the endpoint sends as it always does.' },
} as const
