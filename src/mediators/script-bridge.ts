import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { PropertyValue } from '../core/properties.ts'
import { accessor } from '../expressions/scopes.ts'
import type { Scope } from '../expressions/well-known.ts'
import { bodyOf, payloadOf, SOAP11 } from '../message/codecs/soap.ts'
import { Content } from '../message/content.ts'
import { XmlError } from '../message/xml/parse.ts'
import { serializeXml } from '../message/xml/serialize.ts'
import { XmlElement } from '../message/xml/tree.ts'
import { elementOf, insertHeader } from './script-host.ts'
import type { ScriptEffect, ScriptInput } from './script-prelude.ts'

/** What of a message a script needs to be given, by what its text mentions. */
export interface ScriptNeeds {
  readonly json: boolean
  readonly xml: boolean
  readonly envelope: boolean
  readonly text: boolean
  readonly variables: boolean
  readonly flags: boolean
  /** Names of properties by scope that are computed by the engine, not set. */
  readonly derived: readonly string[]
  /** Keys of local entries and registry resources that it writes out. */
  readonly entries: readonly string[]
}

/** How scripts read entries and resources, by a key that is written out. */
const ENTRY =
  /\b(?:getEntry|getLocalEntry|getLocalRegistryEntry|getResource|lookup)\s*\(\s*(?:"([^"\\]+)"|'([^'\\]+)')\s*\)/g

/** Finds what a script needs. One that reaches for members by computed names is given everything. */
export function needsOf(source: string): ScriptNeeds {
  const isOpen = /\bmc\s*\[|\bfor\s*\([^)]*\bin\s+mc\b/.test(source)
  const mentions = (pattern: RegExp): boolean => isOpen || pattern.test(source)
  const keys = [...source.matchAll(ENTRY)]
  const names = [...source.matchAll(/getProperty\s*\(\s*(?:"([^"]+)"|'([^']+)')/g)]
  return {
    json: mentions(/getPayloadJSON|getPayloadText|JsonText|[jJ]sonObject/),
    xml: mentions(/getPayloadXML/),
    envelope: mentions(/getEnvelope|getPayloadText/),
    text: mentions(/getPayloadText/),
    variables: mentions(/Variable/),
    flags: mentions(/isSOAP11|isDoingPOX|isDoingGET|isFaultResponse/),
    derived: [...new Set(names.map(([, double, single]) => double ?? single!))],
    entries: [...new Set(keys.map(([, double, single]) => double ?? single!))],
  }
}

const EMPTY: Readonly<Record<string, unknown>> = {}

/** Writes down what a script gets to see of a message. */
export function inputOf(ctx: MessageContext, needs: ScriptNeeds, args: readonly unknown[]): string {
  const { content } = ctx.message
  const isJson = needs.json && content.isJson
  const properties: Record<string, unknown> = {}
  for (const name of needs.derived) properties[name] = crossing(accessor('default', name).get(ctx))
  for (const [name, value] of ctx.propertiesIfAny?.entries() ?? []) properties[name] = crossing(value)
  const payload = needs.xml ? payloadOf(content.envelope()) : undefined
  const variables = needs.variables
    ? Object.fromEntries(ctx.variables.entries().map(([name, value]) => [name, crossing(value)]))
    : EMPTY
  const { addressingIfAny: addressing } = ctx
  const input: ScriptInput = {
    json: isJson ? content.text() : null,
    xml: payload ? serializeXml(payload) : null,
    envelope: needs.envelope && !isJson ? serializeXml(content.envelope()) : null,
    text: needs.text && !isJson ? content.text() : null,
    properties: { default: properties },
    variables,
    addressing: {
      To: addressing?.to ?? ctx.to ?? ctx.origin.request?.target ?? null,
      From: addressing?.from ?? null,
      ReplyTo: addressing?.replyTo ?? null,
      FaultTo: addressing?.faultTo ?? null,
      RelatesTo: addressing?.relatesTo ?? null,
      MessageID: ctx.id,
      SoapAction: ctx.message.headers.get('SOAPAction')?.replace(/^"|"$/g, '') ?? null,
      WSAAction: addressing?.action ?? null,
    },
    flags: {
      response: ctx.direction === 'response',
      ...(needs.flags && {
        pox: !content.mediaType.startsWith('application/soap'),
        get: ctx.origin.request?.method === 'GET',
        soap11: content.envelope().namespaceURI === SOAP11,
        fault: payloadOf(content.envelope())?.localName === 'Fault',
      }),
    },
    args,
  }
  return JSON.stringify(input)
}

function crossing(value: PropertyValue): unknown {
  if (value instanceof XmlElement) return { __xml: serializeXml(value) }
  return value === undefined || typeof value === 'function' || typeof value === 'bigint' ? null : value
}

const SCOPES: ReadonlySet<string> = new Set(['default', 'axis2', 'axis2-client', 'transport', 'operation'])

/**
 * Does to the message what the script did.
 * @returns how long the script wanted to sleep, in milliseconds
 * @throws Fault 0 when it left something that is no XML or names a scope there is none of
 */
export function applyEffects(ctx: MessageContext, effects: readonly ScriptEffect[]): number {
  let sleepMs = 0
  for (const effect of effects) {
    if (effect.kind === 'sleep') sleepMs += Number.isFinite(effect.ms) && effect.ms > 0 ? effect.ms : 0
    else apply(ctx, effect)
  }
  return sleepMs
}

function apply(ctx: MessageContext, effect: Exclude<ScriptEffect, { kind: 'sleep' }>): void {
  switch (effect.kind) {
    case 'json':
      replace(ctx, Content.ofText(effect.text, 'application/json'))
      break
    case 'xml':
      setPayload(ctx, xmlOf(effect.text, 'setPayloadXML'))
      break
    case 'property':
      property(effect.scope, effect.name).set(ctx, revived(effect.value))
      break
    case 'remove':
      property(effect.scope, effect.name).remove(ctx)
      break
    case 'variable':
      ctx.variables.set(effect.name, revived(effect.value))
      break
    case 'address':
      address(ctx, effect.name, effect.value ?? undefined)
      break
    case 'response':
      ctx.direction = effect.value ? 'response' : 'request'
      break
    case 'resource':
      ctx.deployment.putEntry(effect.key, { text: effect.text })
      break
    case 'header':
      addHeader(ctx, xmlOf(effect.text, 'addHeader'), effect.mustUnderstand)
      break
    case 'log': {
      const level = effect.level === 'fatal' ? 'error' : effect.level
      ctx.log[level as 'info']({ message: ctx.id }, `${ctx.service.label}${effect.text}`)
    }
  }
}

function replace(ctx: MessageContext, content: Content): void {
  ctx.message.content = content
}

function setPayload(ctx: MessageContext, payload: XmlElement): void {
  const { content } = ctx.message
  const mediaType = content.mediaType === '' || content.isJson ? 'application/xml' : content.mediaType
  const whole = content.isJson ? Content.ofPayload(payload, mediaType) : content.share()
  if (!content.isJson) {
    const body = bodyOf(whole.editEnvelope())
    body?.firstElement?.remove()
    body?.append(payload)
  }
  replace(ctx, whole)
}

function xmlOf(text: string, what: string): XmlElement {
  try {
    return elementOf(text)
  } catch (error) {
    if (!(error instanceof XmlError)) throw error
    throw new Fault(0, `${what} was given what is no XML: ${error.message}`, { cause: error })
  }
}

function property(scope: string, name: string): ReturnType<typeof accessor> {
  if (!SCOPES.has(scope)) throw new Fault(0, `the script names the scope ${scope}, which there is none of`)
  return accessor(scope as Scope, name)
}

function revived(value: unknown): PropertyValue {
  if (typeof value === 'object' && value !== null && '__xml' in value) return elementOf(String(value.__xml))
  return value ?? undefined
}

function address(ctx: MessageContext, name: string, value: string | undefined): void {
  const { addressing } = ctx
  if (name === 'To') {
    addressing.to = value
    ctx.to = value
  } else if (name === 'From') addressing.from = value
  else if (name === 'ReplyTo') addressing.replyTo = value
  else if (name === 'FaultTo') addressing.faultTo = value
  else if (name === 'RelatesTo') addressing.relatesTo = value
  else if (name === 'MessageID') addressing.messageId = value
  else {
    addressing.action = value
    if (value === undefined) ctx.message.headers.delete('SOAPAction')
    else ctx.message.headers.set('SOAPAction', value)
  }
}

function addHeader(ctx: MessageContext, block: XmlElement, mustUnderstand: boolean): void {
  const whole = ctx.message.content.share()
  insertHeader(whole.editEnvelope(), block, mustUnderstand)
  replace(ctx, whole)
}
