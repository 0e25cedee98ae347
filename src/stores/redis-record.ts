import { isUtf8 } from 'node:buffer'
import type { StoredMessage } from './stored-message.ts'
import { decodeStored, type StoredRecord } from './stored-record.ts'

/** A record as the data of a job: payloads that are text as text, which is smaller and faster than Base64. */
type Data =
  | { readonly head: string; readonly text: string }
  | { readonly head: string; readonly base64: string }

/** Writes a record as the data of a job. */
export function writeData({ head, payload }: StoredRecord): string {
  const data: Data = isUtf8(payload)
    ? { head, text: payload.toString() }
    : { head, base64: payload.toString('base64') }
  return JSON.stringify(data)
}

/** Makes the message of a job again. @throws Error where it is of a form this version does not know */
export function readData(text: string): StoredMessage {
  const data = JSON.parse(text) as Data
  const payload = 'text' in data ? Buffer.from(data.text) : Buffer.from(data.base64, 'base64')
  return decodeStored({ head: data.head, payload })
}
