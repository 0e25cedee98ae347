import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { MessageContext } from '../core/context.ts'
import type { Session } from '../core/session.ts'
import type { MaybePromise } from '../core/step.ts'
import { plainOf, type YamlNode } from '../language/yaml.ts'
import { Content } from '../message/content.ts'
import { Message } from '../message/message.ts'
import { MockFields, type MockReading, placeIn } from './mock-reading.ts'
import type { MockScope } from './mock-scope.ts'
import { Template } from './template.ts'

/** Who gets answers: a session, and what its messages belong to. */
export type Peer = Pick<MessageContext, 'service' | 'origin'> & { readonly session: Session }

/** A text, with or without holes. */
type Text = Pick<Template, 'text' | 'source'>

/** One answer to a message: what is sent, or how the connection ends, and after which time. */
interface Answer {
  readonly delayMs: number
  readonly text?: Text
  readonly bytes?: Buffer
  readonly close?: { readonly code: number | undefined; readonly reason: string }
}

/** What a mock answers: one message, several, or one of them in turn. */
export class MockReply {
  readonly #answers: readonly Answer[]
  readonly #isInTurn: boolean
  /** The template, where that is all there is. */
  readonly #only: Text | undefined

  constructor(answers: readonly Answer[], isInTurn: boolean) {
    this.#answers = answers
    this.#isInTurn = isInTurn
    const [first] = answers
    if (answers.length === 1 && first!.delayMs === 0) this.#only = first!.text
  }

  /** The messages it sends, as they are written; undefined for bytes. */
  get samples(): readonly (string | undefined)[] {
    return this.#answers.filter(({ close }) => !close).map(({ text }) => text?.source)
  }

  /** The one text it sends at once, filled in; undefined where there is more to it. */
  onlyText(scope: MockScope): string | undefined {
    return this.#only?.text(scope)
  }

  /** Sends it. `turn` says how often it was sent before. */
  send(peer: Peer, scope: MockScope, turn: number): MaybePromise<void> {
    const answers = this.#answers
    if (this.#isInTurn) return sendOne(answers[turn % answers.length]!, peer, scope)
    for (let i = 0; i < answers.length; i++) {
      const sent = sendOne(answers[i]!, peer, scope)
      if (sent instanceof Promise) return sent.then(() => this.#rest(i + 1, peer, scope))
    }
  }

  async #rest(from: number, peer: Peer, scope: MockScope): Promise<void> {
    for (const answer of this.#answers.slice(from)) await sendOne(answer, peer, scope)
  }
}

function sendOne(answer: Answer, peer: Peer, scope: MockScope): MaybePromise<void> {
  if (answer.delayMs === 0) return sendNow(answer, peer, scope)
  return wait(answer.delayMs, undefined, { ref: false }).then(() => sendNow(answer, peer, scope))
}

function sendNow({ text, bytes, close }: Answer, peer: Peer, scope: MockScope): MaybePromise<void> {
  const { session } = peer
  if (!session.isOpen) return
  if (close) session.close(close.code, close.reason)
  else if (bytes) return sendContent(peer, new Content(bytes, 'application/octet-stream'))
  else if (text) return sendContent(peer, Content.ofText(text.text(scope)))
}

/** Sends a client a message of its own. */
export function sendContent({ service, origin, session }: Peer, content: Content): MaybePromise<void> {
  const ctx = new MessageContext(service, origin, new Message(content), { session, direction: 'response' })
  return origin.reply(ctx)
}

/** Reads `response:` and `responses:`; undefined where there is neither. */
export function readReply(fields: MockFields): MockReply | undefined {
  const { reading } = fields
  const isInTurn = fields.boolean('in-turn')
  const one = fields.get('response')
  const nodes = one ? [one] : fields.items('responses')
  const several = fields.get('responses')
  if (one && several)
    fields.error(several.span, 'bad-combination', 'There is a response already; responses has them all.')
  if (nodes.length === 0) return undefined
  return new MockReply(
    (one?.kind === 'list' ? one.items : nodes).flatMap(node => readAnswer(node, reading) ?? []),
    isInTurn,
  )
}

function readAnswer(node: YamlNode, reading: MockReading): Answer | undefined {
  if (node.kind === 'scalar') return { delayMs: 0, text: readTemplate(node, node.text, reading) }
  if (node.kind === 'list') {
    reading.diagnostics.error(node.span, 'bad-value', 'A response is text or a map, not a list.')
    return undefined
  }
  const fields = new MockFields(node, 'response', reading)
  const delayMs = fields.duration('delay') ?? 0
  const kinds = ['text', 'raw', 'json', 'binary', 'file', 'close'].filter(kind => fields.has(kind))
  if (kinds.length !== 1) {
    const message = 'A response has one of text, raw, json, binary, file and close.'
    fields.error(node.span, kinds.length === 0 ? 'missing' : 'bad-combination', message)
    return undefined
  }
  const [kind] = kinds
  const value = fields.get(kind!)!
  if (kind === 'json') {
    return { delayMs, text: readTemplate(value, JSON.stringify(plainOf(value)), reading) }
  }
  if (kind === 'close') return { delayMs, close: readClose(value, reading) }
  if (kind === 'binary') {
    const bytes = readBinary(value, reading)
    return bytes && { delayMs, bytes }
  }
  const text = fields.text(kind!)
  if (text === undefined) return undefined
  if (kind === 'raw') return { delayMs, text: { source: text, text: () => text } }
  if (kind === 'text') return { delayMs, text: readTemplate(value, text, reading) }
  const content = readFile(value, text, reading)
  return content && { delayMs, ...content }
}

/** Reads a template of a file; what is wrong with it is reported. */
export function readTemplate(node: YamlNode, text: string, { diagnostics, strict }: MockReading): Template {
  return new Template(text, {
    strict,
    problem: ({ message, part, hint }) =>
      diagnostics.error(placeIn(node, part), 'bad-template', message, hint),
  })
}

/** Reads how a connection is closed: a code, or a map of code and reason. */
export function readClose(node: YamlNode, reading: MockReading): NonNullable<Answer['close']> {
  if (node.kind === 'scalar' && (node.value === true || node.value === null))
    return { code: 1000, reason: '' }
  const fields = node.kind === 'map' ? new MockFields(node, 'close', reading) : undefined
  const codeNode = fields ? fields.get('code') : node
  const code = codeNode ? Number(codeNode.kind === 'scalar' ? codeNode.text : Number.NaN) : 1000
  const reason = fields?.text('reason') ?? ''
  const isSendable =
    Number.isInteger(code) && code >= 1000 && code <= 4999 && ![1004, 1005, 1006, 1015].includes(code)
  if (!isSendable || (code > 1014 && code < 3000))
    reading.diagnostics.error(
      codeNode!.span,
      'bad-value',
      'A close code is 1000 to 1003, 1007 to 1014, or 3000 to 4999.',
    )
  if (Buffer.byteLength(reason) > 123)
    reading.diagnostics.error(fields!.get('reason')!.span, 'bad-value', 'A reason has at most 123 bytes.')
  return { code, reason }
}

function readBinary(node: YamlNode, reading: MockReading): Buffer | undefined {
  const fields = node.kind === 'map' ? new MockFields(node, 'binary', reading) : undefined
  const hex = fields?.text('hex')
  const text = (
    hex ?? (fields ? fields.text('base64') : node.kind === 'scalar' ? node.text : undefined)
  )?.replace(/\s/g, '')
  const isRight = text !== undefined && (hex === undefined ? BASE64 : HEX).test(text)
  if (isRight) return Buffer.from(text, hex === undefined ? 'base64' : 'hex')
  reading.diagnostics.error(node.span, 'bad-value', 'binary is base64, or a map with base64 or hex.')
  return undefined
}

const BASE64 = /^(?:[A-Za-z\d+/_-]{4})*(?:[A-Za-z\d+/_-]{2,3}={0,2})?$/
const HEX = /^(?:[\da-f]{2})*$/i

/** Text, as far as its bytes are, leaves as such, and may have holes. */
function readFile(
  node: YamlNode,
  name: string,
  reading: MockReading,
): Pick<Answer, 'text' | 'bytes'> | undefined {
  try {
    const bytes = readFileSync(resolve(reading.folder, name))
    const isText = /\.(?:json|txt|xml|html|csv|ya?ml|md)$/i.test(name)
    return isText ? { text: readTemplate(node, bytes.toString(), reading) } : { bytes }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'there is no such file' : message
    reading.diagnostics.error(node.span, 'unreadable-file', `${name} cannot be read: ${why}.`)
    return undefined
  }
}
