import { Fault } from '../core/fault.ts'
import { Content } from '../message/content.ts'
import { type CorrelatedCall, textOf } from './correlated-call.ts'
import type { CorrelationIds } from './correlation-ids.ts'
import { isDigit, type Member, MemberFinder, splice } from './correlation-member.ts'
import type { Correlator, IdentifiedReply } from './correlator.ts'

/** Longer ids in replies are none of ours, and nobody needs longer ones. */
const MAX_ID_BYTES = 1024

const QUOTE = 0x22
const MINUS = 0x2d

/** What tells a response of JSON-RPC from what else a backend sends. */
const RPC_NAMES = ['method', 'result', 'error']

/** How ids stand in JSON. */
export interface JsonCorrelation {
  /** The names that lead to the id in a request, and in a reply. */
  readonly field: readonly string[]
  readonly replyField: readonly string[]
  /** Whether the id the caller chose is the one the backend gets. */
  readonly keepsIds: boolean
  /** Whether only responses of JSON-RPC are replies. */
  readonly isRpc: boolean
}

/** Ids in members of JSON. Nothing is parsed: the bytes around the id stay as they are. */
export class JsonCorrelator implements Correlator {
  readonly #correlation: JsonCorrelation
  readonly #requests: MemberFinder
  readonly #replies: MemberFinder
  /** What stands before and behind an id that is put in, by how much of the path is there already. */
  readonly #frames: readonly { readonly before: string; readonly after: string }[]

  constructor(correlation: JsonCorrelation) {
    const { field, replyField, isRpc } = correlation
    this.#correlation = correlation
    this.#requests = new MemberFinder(field)
    this.#replies = new MemberFinder(replyField, isRpc ? RPC_NAMES : [])
    const names = field.map(name => Buffer.from(JSON.stringify(name)).toString('latin1'))
    this.#frames = field.map((_name, depth) => ({
      before: `${names.slice(depth).join(':{')}:`,
      after: '}'.repeat(field.length - depth - 1),
    }))
  }

  prepare(call: CorrelatedCall, ids: CorrelationIds): void {
    const bytes = textOf(call.ctx)
    const member = this.#requests.find(bytes)
    if (!member) throw new Fault(601000, this.#unfit())
    if (member.isPresent) this.#replace(call, bytes, member, ids)
    // Compatibility: a notification of JSON-RPC stays one.
    else if (call.ctx.isOneWay) call.bytes = bytes
    else {
      const { before, after } = this.#frames[member.depth]!
      call.id = ids.text()
      const comma = member.isObjectEmpty ? '' : ','
      call.bytes = splice(bytes, member.insertAt, member.insertAt, before + call.id + after + comma)
    }
  }

  #replace(call: CorrelatedCall, bytes: Buffer, { start, end }: Member, ids: CorrelationIds): void {
    call.original = bytes.toString('latin1', start, end)
    if (this.#correlation.keepsIds) {
      const id = idAt(bytes, start, end)
      if (id === undefined)
        throw new Fault(601000, `the id of the request is no number and no short text: ${this.#name}`)
      call.id = id
      call.isKept = true
      call.bytes = bytes
      return
    }
    const first = bytes[start]!
    call.id = first === MINUS || isDigit(first) ? ids.number() : ids.text()
    call.bytes = splice(bytes, start, end, call.id)
  }

  get #name(): string {
    return this.#correlation.field.join('.')
  }

  #unfit(): string {
    return `the request is no JSON object in which ${this.#name} can stand once: it cannot be given an id`
  }

  read(data: Buffer, contentType: string): IdentifiedReply | undefined {
    const member = this.#replies.find(data)
    if (!member?.isPresent) return undefined
    // A request or notification of the backend has a method, a response has one of the others.
    if (this.#correlation.isRpc && (member.others < 2 || (member.others & 1) === 1)) return undefined
    const id = idAt(data, member.start, member.end)
    return id === undefined ? undefined : new JsonReply(id, data, contentType, member)
  }

  shown(original: string): string {
    const text = Buffer.from(original, 'latin1').toString()
    return text.startsWith('"') ? text.slice(1, -1) : text
  }
}

/** A reply in JSON. */
class JsonReply implements IdentifiedReply {
  readonly id: string
  readonly #data: Buffer
  readonly #contentType: string
  readonly #member: Member

  constructor(id: string, data: Buffer, contentType: string, member: Member) {
    this.id = id
    this.#data = data
    this.#contentType = contentType
    this.#member = member
  }

  withId(original: string | undefined): Content {
    const { start, end, cutStart, cutEnd } = this.#member
    return this.#content(
      original === undefined
        ? splice(this.#data, cutStart, cutEnd, '')
        : splice(this.#data, start, end, original),
    )
  }

  asReceived(): Content {
    return this.#content(this.#data)
  }

  #content(bytes: Buffer): Content {
    return this.#contentType === ''
      ? new Content(bytes, 'application/json')
      : Content.received(bytes, this.#contentType)
  }
}

const PLAIN = /^[\x20-\x5b\x5d-\x7e]*$/
const WHOLE_NUMBER = /^-?\d+$/

/** Reads an id in the one form it is known by, however it was written; undefined for what can be none. */
function idAt(bytes: Buffer, start: number, end: number): string | undefined {
  if (end - start > MAX_ID_BYTES) return undefined
  const first = bytes[start]!
  const isText = first === QUOTE
  if (!isText && first !== MINUS && !isDigit(first)) return undefined
  const written = bytes.toString('latin1', start, end)
  if ((isText ? PLAIN : WHOLE_NUMBER).test(written)) return written
  try {
    return JSON.stringify(JSON.parse(bytes.toString('utf8', start, end)))
  } catch {
    return undefined
  }
}
