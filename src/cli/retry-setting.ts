import { InvalidArgumentError } from 'commander'
import { type RetrySettings, retryOf } from '../websocket/retry.ts'

const NUMBERS = ['maxCount', 'interval', 'backOffFactor', 'maxWaitInterval']

/** Reads `name=value`, one of the settings for opening a lost connection again, and adds it to those before. */
export function retrySetting(text: string, previous: unknown): RetrySettings {
  const [, name = '', value = ''] = /^(\w+)=(.*)$/.exec(text) ?? []
  if (name !== 'retryOn' && !NUMBERS.includes(name))
    throw new InvalidArgumentError(`It is ${NUMBERS.join(', ')} or retryOn, and a value: maxCount=5.`)
  const settings = {
    ...(previous as RetrySettings | undefined),
    [name]: name === 'retryOn' ? value.split(',').map(reasonOf) : value === '' ? Number.NaN : Number(value),
  } as RetrySettings
  try {
    retryOf(settings, '--retry')
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`)
  }
  return settings
}

function reasonOf(text: string): string | number {
  return /^\d+$/.test(text) ? Number(text) : text
}
