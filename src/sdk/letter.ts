import { PayloadBindingError } from '../services/web-socket-error.ts'
import type { Letter } from './outbox.ts'

/**
 * Makes a message of a value: a string is text, bytes are binary, anything else is written as JSON.
 * @throws PayloadBindingError for what JSON has no form for
 */
export function letterOf(message: unknown, isIdempotent = false): Letter {
  if (typeof message === 'string') return { data: message, isBinary: false, isIdempotent }
  if (message instanceof Uint8Array || message instanceof ArrayBuffer)
    return { data: ownBytes(message), isBinary: true, isIdempotent }
  return { data: jsonOf(message), isBinary: false, isIdempotent }
}

/** Copies bytes: they leave at the end of the turn, and may be changed by then. */
export function ownBytes(bytes: Uint8Array | ArrayBuffer): Buffer {
  return bytes instanceof ArrayBuffer ? Buffer.from(new Uint8Array(bytes)) : Buffer.from(bytes)
}

function jsonOf(value: unknown): string {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (cause) {
    throw new PayloadBindingError(`the message cannot be written as JSON: ${(cause as Error).message}`, {
      cause,
    })
  }
  if (text === undefined) throw new PayloadBindingError(`JSON has no form for ${typeof value}`)
  return text
}
