import { type Dynamic, dynamic } from '../expressions/expression.ts'
import type { HttpClientSettings } from '../language/declare.ts'
import { body, type Config, child, type Field } from '../language/field.ts'
import { decimal, Expected, oneOfAnyCase, type ValueType } from '../language/types.ts'
import type { Policy } from './policy.ts'

/** Fault codes. */
const codes: ValueType<readonly number[]> = {
  name: 'comma-separated codes',
  parse: value =>
    value
      .split(',')
      .map(item => item.trim())
      .filter(item => item !== '')
      .map(item => {
        if (!/^-?\d+$/.test(item)) throw new Expected('codes separated by commas, such as 101503, 101504')
        return Number(item)
      }),
}

/** Milliseconds, or an expression that gives them for each message. */
const duration: ValueType<Dynamic> = {
  name: 'milliseconds or {expression}',
  parse(source, setting) {
    const value = dynamic.parse(source.trim(), setting)
    if (value.fixed !== undefined && !/^\d+$/.test(value.fixed))
      throw new Expected('milliseconds, or an {expression}')
    return value
  },
  readsContent: value => value.readsContent,
}

const textOf = <T>(type: ValueType<T>, doc: string): Field<{ text: T | undefined } | undefined> =>
  child({ text: body(type, { doc }) }, { doc })

/** What a kind of endpoint says about failures and waiting. */
export const policyFields = {
  timeout: child(
    {
      duration: textOf(duration, 'How long to wait, in milliseconds; at most the global timeout.'),
      responseAction: textOf(
        oneOfAnyCase('fault', 'discard'),
        'What a timeout does: fault runs the fault sequences (default), discard ends the message.',
      ),
    },
    { doc: 'How long an answer may take.' },
  ),
  markForSuspension: child(
    {
      errorCodes: textOf(codes, 'Codes that count as timeouts; default 101504 and 101505.'),
      retriesBeforeSuspension: textOf(
        decimal,
        'How many in a row are let pass before it is suspended; default 0.',
      ),
      retryDelay: textOf(decimal, 'Milliseconds without messages after each; default 0.'),
    },
    { doc: 'Failures that suspend the endpoint only when they come again.' },
  ),
  suspendOnFailure: child(
    {
      errorCodes: textOf(codes, 'Codes that suspend it; default all.'),
      initialDuration: textOf(decimal, 'Milliseconds of the first suspension; default 30000.'),
      progressionFactor: textOf(decimal, 'What each further suspension is multiplied by; default 1.'),
      maximumDuration: textOf(decimal, 'Longest suspension, in milliseconds.'),
    },
    { doc: 'Failures that suspend the endpoint at once.' },
  ),
  suspendDurationOnFailure: textOf(
    decimal,
    'The older spelling of suspendOnFailure: seconds of the suspension.',
  ),
  retryConfig: child(
    {
      disabledErrorCodes: textOf(codes, 'Codes after which none is tried.'),
      enabledErrorCodes: textOf(codes, 'Codes after which one is tried; default all.'),
    },
    { doc: 'After which failures a group tries another endpoint.' },
  ),
} as const

/** The values of these fields. */
export type PolicyConfig = Config<typeof policyFields>

/** Whether a configuration says anything about suspending. */
export function hasPolicy(config: PolicyConfig): boolean {
  return Boolean(config.markForSuspension || config.suspendOnFailure || config.suspendDurationOnFailure)
}

/** What the process says of suspending. */
export type SuspensionDefaults = Pick<
  HttpClientSettings,
  'suspendMs' | 'suspendFactor' | 'overridesSuspension'
>

/** Reads what suspends an endpoint; what it does not say, or is not to say, is what the process says. */
export function policyOf(
  { markForSuspension, suspendOnFailure, suspendDurationOnFailure }: PolicyConfig,
  { suspendMs, suspendFactor, overridesSuspension }: SuspensionDefaults,
): Policy {
  const seconds = suspendDurationOnFailure?.text
  const own = {
    initialMs:
      suspendOnFailure?.initialDuration?.text ?? (seconds === undefined ? suspendMs : seconds * 1000),
    factor: suspendOnFailure?.progressionFactor?.text ?? suspendFactor,
  }
  const ofProcess = { initialMs: suspendMs < 0 ? own.initialMs : suspendMs, factor: suspendFactor }
  return {
    timeoutCodes: markForSuspension?.errorCodes?.text ?? [],
    retriesBeforeSuspension: markForSuspension?.retriesBeforeSuspension?.text ?? 0,
    retryDelayMs: markForSuspension?.retryDelay?.text ?? 0,
    suspendCodes: suspendOnFailure?.errorCodes?.text ?? [],
    ...(overridesSuspension ? ofProcess : own),
    maximumMs: suspendOnFailure?.maximumDuration?.text ?? Number.POSITIVE_INFINITY,
  }
}

/** Whether a group may try another endpoint after a failure with one of these codes. */
export function mayRetry({ retryConfig }: PolicyConfig, failed: readonly number[]): boolean {
  const disabled = retryConfig?.disabledErrorCodes?.text
  if (disabled?.length) return !failed.some(code => disabled.includes(code))
  const enabled = retryConfig?.enabledErrorCodes?.text
  return !enabled?.length || failed.some(code => enabled.includes(code))
}
