import { MessageContext } from '../../src/core/context.ts'
import type { Service } from '../../src/core/ports.ts'
import { Content } from '../../src/message/content.ts'
import { Headers } from '../../src/message/headers.ts'
import { Message } from '../../src/message/message.ts'
import { NOBODY } from '../../src/sequences/internal.ts'
import { StoredMessage } from '../../src/stores/stored-message.ts'
import { decodeStored, encodeStored } from '../../src/stores/stored-record.ts'

const PAYLOAD = Buffer.from(
  JSON.stringify({ id: 4711, items: Array.from({ length: 40 }, (_, i) => ({ i, n: i * 7 })) }),
)

/** A message as an HTTP client sends it: about 700 bytes of JSON, with a few headers. */
export function aMessage(): MessageContext {
  const headers = Headers.fromRaw([
    'Host',
    'gateway.example:8280',
    'Content-Type',
    'application/json',
    'Content-Length',
    String(PAYLOAD.length),
    'Connection',
    'keep-alive',
  ])
  const content = Content.received(PAYLOAD, 'application/json')
  return new MessageContext({} as Service, NOBODY, new Message(content, headers))
}

/** What is kept of such a message, as one row; `readRow` makes a message of it again. */
export function aRow(): Buffer {
  const { head, payload } = encodeStored(StoredMessage.of(aMessage()))
  return Buffer.concat([Buffer.from(head), payload])
}

/** Makes a message of a row again, as whoever takes it out has to. */
export function readRow(row: Buffer): StoredMessage {
  const middle = row.length - PAYLOAD.length
  return decodeStored({ head: row.toString('utf8', 0, middle), payload: row.subarray(middle) })
}
