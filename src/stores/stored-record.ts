import type { StoredMessage } from './stored-message.ts'

/** A stored message as it is kept outside the process: everything but the payload as JSON, and the payload as it is. */
export interface StoredRecord {
  readonly head: string
  readonly payload: Buffer
}

/** Gives what is kept of a message. Values that have no form outside the process are left out. */
export function encodeStored(_message: StoredMessage): StoredRecord {
  throw new Error('to be written')
}

/** Makes the message of a record again. @throws Error where it is of a form this version does not know */
export function decodeStored(_record: StoredRecord): StoredMessage {
  throw new Error('to be written')
}
