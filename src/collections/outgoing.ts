import { isUtf8 } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { cutReason } from '../websocket/close-codes.ts'
import type { ClientMessage } from './collection.ts'
import { unknownIn, type Variables } from './variables.ts'

/** A message as it goes out. */
export type Outgoing =
  | { readonly kind: 'text' | 'binary'; readonly data: Buffer; readonly mayCompress?: boolean }
  | { readonly kind: 'ping'; readonly data: Buffer }
  | { readonly kind: 'close'; readonly code: number; readonly reason: string }

const MOST_PING_BYTES = 125

/**
 * Fills in a message. The bytes of a file are sent as they are.
 * @param folder what relative paths of files begin at
 * @throws Error with what is wrong with it
 */
export async function outgoingOf(
  message: ClientMessage,
  variables: Variables,
  folder: string,
): Promise<Outgoing> {
  const { name, kind, code, mayCompress } = message
  const data = await bytesOf(message, variables, folder)
  if (kind === 'close') return { kind, code, reason: cutReason(data.toString()) }
  if (kind === 'ping') {
    if (data.length > MOST_PING_BYTES)
      throw new Error(`message ${name}: a ping has no more than ${MOST_PING_BYTES} bytes, not ${data.length}`)
    return { kind, data }
  }
  if (kind === 'text' && !isUtf8(data)) throw new Error(`message ${name} is text, and its file is not UTF-8`)
  return { kind, data, mayCompress }
}

async function bytesOf(message: ClientMessage, variables: Variables, folder: string): Promise<Buffer> {
  const { name, content, file, encoding } = message
  if (file === undefined) {
    const text = variables.fill(content)
    return encoding === undefined ? Buffer.from(text) : decoded(text, encoding, name)
  }
  const path = resolve(folder, variables.fill(file))
  try {
    return await readFile(path)
  } catch (error) {
    const { code, message: reason } = error as NodeJS.ErrnoException
    const unknown = unknownIn(path)
    if (unknown.length > 0) throw new Error(`message ${name}: nothing gives variable ${unknown[0]} a value`)
    throw new Error(`message ${name}: ${code === 'ENOENT' ? `there is no file ${path}` : reason}`)
  }
}

function decoded(text: string, encoding: 'base64' | 'hex', name: string): Buffer {
  const written = text.replace(/\s+/g, '')
  const isRight =
    encoding === 'hex' ? /^(?:[0-9a-f]{2})*$/i.test(written) : /^[A-Za-z0-9+/_-]*={0,2}$/.test(written)
  if (!isRight) throw new Error(`message ${name}: its content is no ${encoding}`)
  return Buffer.from(written, encoding)
}
