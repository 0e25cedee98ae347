import type { MessageContext } from '../core/context.ts'
import type { LogLevel } from '../core/logger.ts'
import { accessor } from '../expressions/scopes.ts'
import type { Scope } from '../expressions/well-known.ts'
import { cloneJson } from '../message/codecs/json.ts'
import { payloadOf } from '../message/codecs/soap.ts'
import { Content } from '../message/content.ts'
import { parseXml } from '../message/xml/parse.ts'
import { serializeXml } from '../message/xml/serialize.ts'

/** The message, as the module of a class mediator sees it. Nothing else of the engine is promised to stay. */
export class MediatorContext {
  readonly #ctx: MessageContext

  constructor(ctx: MessageContext) {
    this.#ctx = ctx
  }

  /** Names the message: `urn:uuid:…`. */
  get id(): string {
    return this.#ctx.id
  }

  get direction(): 'request' | 'response' {
    return this.#ctx.direction
  }

  /** Media type of the payload; '' when nobody said. */
  get mediaType(): string {
    return this.#ctx.message.content.mediaType
  }

  /** The payload as text. */
  text(): string {
    return this.#ctx.message.content.text()
  }

  /** The payload as a JSON value of its own, numbers as JavaScript has them; XML is translated. @throws Error when it has no such form */
  json(): unknown {
    const value = this.#ctx.message.content.json()
    return value === undefined ? undefined : JSON.parse(JSON.stringify(value))
  }

  /** The payload as XML text, without the envelope; '' for none. @throws Error when it has no such form */
  xml(): string {
    const payload = payloadOf(this.#ctx.message.content.envelope())
    return payload ? serializeXml(payload) : ''
  }

  /** Makes a text the payload. */
  setText(text: string, mediaType = 'text/plain'): void {
    this.#replace(Content.ofText(text, mediaType))
  }

  /** Makes a JSON value the payload. */
  setJson(value: unknown): void {
    this.#replace(Content.ofJson(cloneJson(value)))
  }

  /** Makes an element the payload; an envelope is taken as it is. @throws Error for what is no XML */
  setXml(text: string, mediaType = 'application/xml'): void {
    parseXml(text)
    this.#replace(Content.ofText(text, mediaType))
  }

  /** Gives a property, or undefined. */
  property(name: string, scope: Scope = 'default'): unknown {
    return accessor(scope, name).get(this.#ctx)
  }

  setProperty(name: string, value: unknown, scope: Scope = 'default'): void {
    accessor(scope, name).set(this.#ctx, value)
  }

  removeProperty(name: string, scope: Scope = 'default'): void {
    accessor(scope, name).remove(this.#ctx)
  }

  /** Gives a variable, or undefined. */
  variable(name: string): unknown {
    return this.#ctx.variables.get(name)
  }

  setVariable(name: string, value: unknown): void {
    this.#ctx.variables.set(name, value)
  }

  /** Gives a header of the transport, or undefined. */
  header(name: string): string | undefined {
    return this.#ctx.message.headers.get(name)
  }

  setHeader(name: string, value: string): void {
    this.#ctx.message.headers.set(name, value)
  }

  removeHeader(name: string): void {
    this.#ctx.message.headers.delete(name)
  }

  /** Writes a line to the log of the gateway. */
  log(text: string, level: LogLevel = 'info'): void {
    this.#ctx.log[level]({ message: this.#ctx.id }, this.#ctx.service.label + text)
  }

  #replace(content: Content): void {
    const { message } = this.#ctx
    message.content = content
    accessor('axis2', 'messageType').set(this.#ctx, content.mediaType)
  }
}
