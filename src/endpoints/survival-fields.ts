import type { Build, Wrong } from '../language/declare.ts'
import { attribute, type Config, child } from '../language/field.ts'
import { boolean, decimal, Expected, integer, list, oneOf, type ValueType } from '../language/types.ts'
import { OWN_NAMESPACE } from '../language/xml.ts'
import type { ReconnectPolicy } from '../websocket/backoff.ts'
import type { HeartbeatOptions } from '../websocket/heartbeat.ts'
import type { SlowReaders } from '../websocket/slow-readers.ts'
import { condition } from './condition.ts'
import type { ConnectLimits } from './connect-gate.ts'
import { checkSlow, slowField, slowOf } from './slow-field.ts'
import type { TakeoverPolicy } from './takeover.ts'

/** Close codes as they are observed. */
const closeCodes: ValueType<readonly number[]> = {
  name: 'comma-separated close codes',
  parse(value, setting) {
    return list.parse(value, setting).map(word => {
      const code = Number(word)
      if (!/^\d{4}$/.test(word) || code < 1000 || code > 4999)
        throw new Expected('close codes from 1000 to 4999, separated by commas')
      return code
    })
  },
}

const factor: ValueType<number> = {
  name: 'number of at least 1',
  parse(value, setting) {
    const number = decimal.parse(value, setting)
    if (number < 1) throw new Expected('a number of at least 1')
    return number
  },
}

/** Below this it is seconds that were meant. */
const milliseconds = integer({ min: 10 })

const IN_OWN_NAMESPACE = `It stands in the namespace \`${OWN_NAMESPACE}\`, which the original product reads past.`

const DEFAULT_CODES: readonly number[] = [1001, 1006, 1012, 1013]

/** What the address of a WebSocket backend says about links that survive. */
export const survivalFields = {
  heartbeat: child(
    {
      interval: attribute(milliseconds, {
        doc: 'Milliseconds without anything from the backend until it is pinged.',
        default: 30_000,
      }),
      timeout: attribute(milliseconds, {
        doc: 'Milliseconds it may then take to send something. After that the link is lost.',
        default: 10_000,
      }),
    },
    { name: 'heartbeat', isOwn: true, doc: `Pings a silent WebSocket backend. ${IN_OWN_NAMESPACE}` },
  ),
  reconnect: child(
    {
      maxCount: attribute(integer({ min: 0 }), { doc: 'Attempts in a row; 0 for no end.', default: 0 }),
      interval: attribute(milliseconds, {
        doc: 'Milliseconds, the longest wait before the first further attempt.',
        default: 1000,
      }),
      backOffFactor: attribute(factor, { doc: 'What each further wait is multiplied by.', default: 2 }),
      maxWaitInterval: attribute(milliseconds, { doc: 'Milliseconds, the longest wait.', default: 30_000 }),
      keepWarm: attribute(boolean, {
        doc: 'Whether a link that callers share is opened again as soon as it is lost, and not by the next message.',
        default: false,
      }),
    },
    {
      name: 'reconnect',
      isOwn: true,
      doc: `Tries again when a WebSocket backend cannot be reached: each wait is random, between 0 and a limit that grows. ${IN_OWN_NAMESPACE}`,
    },
  ),
  takeover: child(
    {
      maxMessages: attribute(integer({ min: 1 }), {
        doc: 'Messages of one client that may wait for the backend.',
        default: 1000,
      }),
      maxBytes: attribute(integer({ min: 1 }), {
        doc: 'Bytes of one client that may wait.',
        default: 1024 * 1024,
      }),
      maxAge: attribute(milliseconds, {
        doc: 'Milliseconds a client, and its oldest message, may wait.',
        default: 30_000,
      }),
      codes: attribute(closeCodes, {
        doc: 'Close codes after which the backend is expected back; 1006 for a lost connection.',
        default: DEFAULT_CODES,
      }),
      opening: attribute(integer({ min: 0 }), {
        doc: 'How many of the first messages of each client are stored, and replayed over a new connection.',
        default: 0,
      }),
      openingWhen: attribute(condition, { doc: 'Expression that is true of further messages to store.' }),
      openingKey: attribute(condition, {
        doc: 'Expression; of stored messages for which it gives the same the last one counts.',
      }),
      openingMaxBytes: attribute(integer({ min: 1 }), {
        doc: 'Bytes of one client that may be stored; a client with more does not outlive its backend.',
        default: 64 * 1024,
      }),
      unproved: attribute(oneOf('drop', 'resend'), {
        doc: 'What becomes of messages that were written and may not have arrived: they are left out, or sent again and may arrive twice.',
        default: 'drop',
      }),
      proofInterval: attribute(milliseconds, {
        doc: 'Milliseconds between the pings that prove what has arrived.',
        default: 1000,
      }),
    },
    {
      name: 'takeover',
      isOwn: true,
      doc: `Keeps a WebSocket client while its backend restarts. ${IN_OWN_NAMESPACE}`,
    },
  ),
  connect: child(
    {
      rate: attribute(integer({ min: 1, max: 100_000 }), {
        doc: 'Attempts to connect per second.',
        default: 200,
      }),
      concurrency: attribute(integer({ min: 1 }), {
        doc: 'Attempts that may be under way at once.',
        default: 50,
      }),
    },
    {
      name: 'connect',
      isOwn: true,
      doc: `Limits the attempts to connect to a WebSocket backend. Without it these limits hold while the backend is failing. ${IN_OWN_NAMESPACE}`,
    },
  ),
  slow: slowField,
} as const

/** The values of these fields. */
export type SurvivalConfig = Config<typeof survivalFields>

/** How the links to an address survive. */
export interface Survival {
  readonly heartbeat?: HeartbeatOptions | undefined
  readonly reconnect?: ReconnectPolicy | undefined
  readonly takeover?: TakeoverPolicy | undefined
  readonly connect?: ConnectLimits | undefined
  /** What happens while the backend reads slower than messages come; without it their source waits. */
  readonly slow?: SlowReaders | undefined
}

/** How a lost link is replaced where nothing is said of it. */
export const DEFAULT_RECONNECT: ReconnectPolicy = {
  maxCount: 0,
  intervalMs: 1000,
  factor: 2,
  maxWaitMs: 30_000,
  isKeptWarm: false,
}

/** Which of the elements there are. */
export function survivalNames(config: Partial<SurvivalConfig>): readonly string[] {
  return Object.keys(survivalFields).filter(name => config[name as keyof SurvivalConfig] !== undefined)
}

/** Reads what an address says. */
export function survivalOf(
  { heartbeat, reconnect, takeover, connect, slow }: SurvivalConfig,
  settings: Build['settings'],
): Survival {
  return {
    slow: slow && slowOf(slow, settings),
    heartbeat: heartbeat && { intervalMs: heartbeat.interval, timeoutMs: heartbeat.timeout },
    reconnect: reconnect && {
      maxCount: reconnect.maxCount,
      intervalMs: reconnect.interval,
      factor: reconnect.backOffFactor,
      maxWaitMs: reconnect.maxWaitInterval,
      isKeptWarm: reconnect.keepWarm,
    },
    takeover: takeover && {
      maxMessages: takeover.maxMessages,
      maxBytes: takeover.maxBytes,
      maxAgeMs: takeover.maxAge,
      codes: takeover.codes,
      opening: takeover.opening,
      openingWhen: takeover.openingWhen,
      openingKey: takeover.openingKey,
      openingMaxBytes: takeover.openingMaxBytes,
      unproved: takeover.unproved,
      proofIntervalMs: takeover.proofInterval,
    },
    connect,
  }
}

/** The rules between these fields. */
export function checkSurvival({ reconnect, takeover, slow }: SurvivalConfig, wrong: Wrong): void {
  if (slow) checkSlow(slow, wrong)
  if (takeover?.openingKey && takeover.opening === 0 && !takeover.openingWhen)
    wrong('Attribute openingKey of <takeover> needs opening or openingWhen, which say what is stored.', {
      code: 'bad-combination',
    })
  if (reconnect && reconnect.interval > reconnect.maxWaitInterval)
    wrong('Attribute interval of <reconnect> is more than maxWaitInterval.', { code: 'bad-combination' })
}
