import { Addressing } from '../core/addressing.ts'
import type { FrameKind } from '../core/context.ts'
import type { Logger } from '../core/logger.ts'
import { TransportState } from '../core/transport-state.ts'
import { Headers } from '../message/headers.ts'
import { Message } from '../message/message.ts'
import { readContent, type WrittenContent, writeContent } from './stored-content.ts'
import { type KeptMessage, type KeptValue, StoredMessage } from './stored-message.ts'
import { readValue, type WrittenValue, writeValue } from './stored-values.ts'

/** A stored message as it is kept outside the process: everything but the payload as JSON, and the payload as it is. */
export interface StoredRecord {
  readonly head: string
  readonly payload: Buffer
}

/** Version of the form of a head. One that reads otherwise gets the next number. */
const VERSION = 1

/** A record that a later version has written: it can be read when that is back. */
export class UnknownForm extends Error {}

type WrittenEntry = readonly [name: string, value: WrittenValue]

/** A head. Members that say nothing are left out. */
interface Head {
  readonly v: number
  readonly id: string
  readonly at: number
  readonly handOuts?: number
  readonly content: WrittenContent
  readonly headers?: readonly string[]
  readonly status?: number
  readonly reason?: string
  readonly properties?: readonly WrittenEntry[]
  readonly variables?: readonly WrittenEntry[]
  /** The axis2 scope: its own fields, and other names. */
  readonly axis2?: readonly WrittenEntry[]
  readonly extra?: readonly WrittenEntry[]
  readonly addressing?: Readonly<Record<string, string>>
  readonly outOnly?: WrittenValue
  readonly to?: string
  readonly frame?: FrameKind
  readonly isFrame?: true
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/**
 * Gives what is kept of a message. Values that have no form outside the process, such as open streams, are left
 * out; the log names them at its debug level.
 * @throws ContentError when the payload cannot be written
 */
export function encodeStored(message: StoredMessage, log?: Logger): StoredRecord {
  const { kept, handOuts } = message
  const { headers, status, reason } = kept.message
  const { written: content, payload } = writeContent(kept.message)
  const leftOut: string[] = []
  const flat = headers.flat()
  const { transport } = kept
  // One member after the other: this runs for each message, and most have few.
  const head: Writable<Head> = { v: VERSION, id: kept.id, at: kept.storedAt, content }
  if (handOuts > 0) head.handOuts = handOuts
  if (flat.length > 0) head.headers = flat
  if (status !== undefined) head.status = status
  if (reason !== undefined) head.reason = reason
  if (kept.properties.length > 0) head.properties = writeEntries(kept.properties, leftOut)
  if (kept.variables.length > 0) head.variables = writeEntries(kept.variables, leftOut)
  if (transport) {
    head.axis2 = writeEntries(fieldsOf(transport), leftOut)
    head.extra = writeEntries(transport.extra.entries(), leftOut)
  }
  if (kept.addressing) head.addressing = { ...kept.addressing } as Record<string, string>
  if (kept.outOnly !== undefined) {
    const [outOnly] = writeEntries([['OUT_ONLY', kept.outOnly]], leftOut)
    if (outOnly) head.outOnly = outOnly[1]
  }
  if (kept.to !== undefined) head.to = kept.to
  if (kept.frame) head.frame = kept.frame
  if (kept.isFrame) head.isFrame = true
  if (leftOut.length > 0)
    log?.debug({ message: kept.id }, `values that cannot be stored are left out: ${leftOut.join(', ')}`)
  return { head: JSON.stringify(head), payload }
}

/** Makes the message of a record again. @throws UnknownForm, or another Error where it is damaged */
export function decodeStored({ head: text, payload }: StoredRecord): StoredMessage {
  const head = parseHead(text)
  const message = new Message(readContent(head.content, payload), Headers.fromRaw(head.headers ?? []))
  message.status = head.status
  message.reason = head.reason
  const kept: KeptMessage = {
    id: head.id,
    storedAt: head.at,
    message,
    properties: readEntries(head.properties),
    variables: readEntries(head.variables),
    transport: readTransport(head),
    addressing: head.addressing && Object.assign(new Addressing(), head.addressing),
    outOnly: head.outOnly === undefined ? undefined : readValue(head.outOnly),
    to: head.to,
    frame: head.frame,
    isFrame: head.isFrame === true,
  }
  const stored = new StoredMessage(kept)
  stored.handOuts = head.handOuts ?? 0
  return stored
}

function parseHead(text: string): Head {
  let head: Partial<Head> | undefined
  try {
    head = JSON.parse(text) as Partial<Head>
  } catch {}
  if (typeof head?.v !== 'number') throw new Error('a stored message cannot be read: its head is damaged')
  if (head.v !== VERSION)
    throw new UnknownForm(`a stored message is of form ${head.v}; this version knows form ${VERSION}`)
  return head as Head
}

/** The fields of the axis2 scope that are no names of their own. */
function fieldsOf({ extra, ...fields }: TransportState): KeptValue[] {
  return Object.entries(fields).filter(([, value]) => value !== undefined)
}

function readTransport({ axis2, extra }: Head): TransportState | undefined {
  if (!axis2 && !extra) return undefined
  const state = new TransportState()
  Object.assign(state, Object.fromEntries(readEntries(axis2)))
  for (const [name, value] of readEntries(extra)) {
    if (value === undefined) state.extra.hide(name)
    else state.extra.set(name, value)
  }
  return state
}

function writeEntries(entries: readonly KeptValue[], leftOut: string[]): WrittenEntry[] {
  const list: WrittenEntry[] = []
  for (const [name, value] of entries) {
    const written = writeValue(value)
    if (written === undefined) leftOut.push(name)
    else list.push([name, written])
  }
  return list
}

function readEntries(entries: readonly WrittenEntry[] = []): KeptValue[] {
  return entries.map(([name, value]) => [name, readValue(value)])
}
