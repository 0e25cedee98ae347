import type { FrameKind, MessageContext } from '../core/context.ts'
import type { PropertyValue } from '../core/properties.ts'
import { isTrue } from '../core/transport-state.ts'
import { isEnvelope, payloadOf, SOAP12 } from '../message/codecs/soap.ts'
import { parseXml } from '../message/xml/parse.ts'

/** The scopes a property can be set in. */
export const SCOPES = ['default', 'axis2', 'axis2-client', 'transport', 'operation'] as const

/** Where a property lives. */
export type Scope = (typeof SCOPES)[number]

/** Reads and writes one property; chosen when a configuration is compiled, so that no name is compared later. */
export interface Accessor {
  get(ctx: MessageContext): PropertyValue
  set(ctx: MessageContext, value: PropertyValue): void
  remove(ctx: MessageContext): void
}

/** A property with a meaning, for the engine and for its reference page. */
export interface WellKnown extends Accessor {
  readonly name: string
  readonly scope: Scope
  readonly doc: string
  /** Read through expressions only: it says something about the message. */
  readonly isReadOnly: boolean
}

/** Something the engine knows of the message. A configuration may set the same name over it, or remove it. */
function derived(
  name: string,
  scopes: readonly ('default' | 'axis2')[],
  doc: string,
  derive: (ctx: MessageContext) => PropertyValue,
): WellKnown[] {
  return scopes.map(scope => ({
    name,
    scope,
    doc,
    isReadOnly: true,
    get(ctx) {
      const own = scope === 'default' ? ctx.propertiesIfAny : ctx.transportIfAny?.extra
      return own?.has(name) ? own.get(name) : derive(ctx)
    },
    set: (ctx, value) => (scope === 'default' ? ctx.properties : ctx.transport.extra).set(name, value),
    remove: ctx => (scope === 'default' ? ctx.properties : ctx.transport.extra).hide(name),
  }))
}

/** Something the engine acts on. */
function control(name: string, scope: Scope, doc: string, accessor: Accessor): WellKnown[] {
  return [{ name, scope, doc, isReadOnly: false, ...accessor }]
}

/** The two flags of a frame: the axis2 one is read by `send`, the default one by `respond`. */
function frameFlag(kind: FrameKind): WellKnown[] {
  const name = `websocket.${kind}.frame.present`
  return [
    ...control(
      name,
      'axis2',
      `Whether send relays the ${kind} frame as it came. Anything but the boolean true sends the content instead.`,
      {
        get: ctx => (ctx.frame === kind && ctx.sendsFrame ? true : undefined),
        set: (ctx, value) => {
          if (ctx.frame === kind) ctx.sendsFrame = value === true
        },
        remove: ctx => {
          if (ctx.frame === kind) ctx.sendsFrame = false
        },
      },
    ),
    ...control(
      name,
      'default',
      `Whether respond relays the ${kind} frame as it came. Anything but the boolean true sends the content instead.`,
      {
        get: ctx => (ctx.frame === kind ? ctx.respondsFrame : undefined),
        set: (ctx, value) => {
          if (ctx.frame === kind) ctx.respondsFrame = value === true
        },
        remove: ctx => {
          if (ctx.frame === kind) ctx.respondsFrame = false
        },
      },
    ),
    ...derived(
      `websocket.${kind}.frame`,
      ['default', 'axis2'],
      `The ${kind} frame the message came in, as text.`,
      ctx => (ctx.frame === kind ? ctx.frameData?.toString(kind === 'text' ? 'utf8' : 'base64') : undefined),
    ),
  ]
}

const text = (value: PropertyValue): string | undefined =>
  value === null || value === undefined ? undefined : String(value)

const list: readonly WellKnown[] = [
  ...control('OUT_ONLY', 'default', 'No answer is expected for the message that send hands over.', {
    get: ctx => ctx.outOnly,
    set: (ctx, value) => {
      if (value !== null && value !== undefined) ctx.outOnly = value
    },
    remove: ctx => {
      ctx.outOnly = undefined
    },
  }),
  ...control('RESPONSE', 'default', 'Makes the message count as a response ("true") or a request.', {
    get: ctx => ctx.propertiesIfAny?.get('RESPONSE'),
    set: (ctx, value) => {
      if (value === null || value === undefined) return
      ctx.direction = isTrue(value) ? 'response' : 'request'
      ctx.properties.set('RESPONSE', value)
    },
    remove: ctx => ctx.propertiesIfAny?.delete('RESPONSE'),
  }),
  ...control(
    'FORCE_SC_ACCEPTED',
    'axis2',
    'The HTTP caller gets 202 without a body once the endpoint has the message, 503 when it cannot take it.',
    {
      get: ctx => ctx.transportIfAny?.forceAccepted,
      set: (ctx, value) => {
        ctx.transport.forceAccepted = value
      },
      remove: ctx => {
        ctx.transport.forceAccepted = undefined
      },
    },
  ),
  ...control('HTTP_SC', 'axis2', 'Status of the HTTP response.', {
    get: ctx => ctx.transportIfAny?.status,
    set: (ctx, value) => {
      const status = Number(value)
      if (Number.isInteger(status) && status >= 100 && status <= 999) ctx.transport.status = status
    },
    remove: ctx => {
      ctx.transport.status = undefined
    },
  }),
  ...control(
    'messageType',
    'axis2',
    'Media type the message leaves in. Sets ContentType and the Content-Type header too.',
    {
      get: ctx => ctx.transportIfAny?.messageType ?? (ctx.message.content.mediaType || undefined),
      set: (ctx, value) => {
        ctx.transport.messageType = text(value)
        ctx.transport.contentType = text(value)
        ctx.message.headers.set('Content-Type', text(value) ?? '')
      },
      remove: ctx => {
        ctx.transport.messageType = undefined
      },
    },
  ),
  ...control('ContentType', 'axis2', 'The Content-Type the message leaves with.', {
    get: ctx => ctx.transportIfAny?.contentType ?? ctx.message.headers.get('Content-Type'),
    set: (ctx, value) => {
      ctx.transport.contentType = text(value)
    },
    remove: ctx => {
      ctx.transport.contentType = undefined
    },
  }),
  ...['websocket.accept.contenType', 'websocket.accept.contentType'].flatMap(name =>
    control(
      name,
      'axis2',
      "Content type negotiated with a WebSocket backend: the subprotocol `synapse(contentType='…')` is offered, and the backend's messages are read as this type. The spelling with one t is the original's.",
      {
        get: ctx => ctx.transportIfAny?.acceptContentType,
        set: (ctx, value) => {
          ctx.transport.acceptContentType = text(value)
        },
        remove: ctx => {
          ctx.transport.acceptContentType = undefined
        },
      },
    ),
  ),
  ...control(
    'websocket.subprotocol',
    'axis2',
    'Comma-separated subprotocols to offer to a WebSocket backend.',
    {
      get: ctx => ctx.transportIfAny?.subprotocol,
      set: (ctx, value) => {
        ctx.transport.subprotocol = text(value)
      },
      remove: ctx => {
        ctx.transport.subprotocol = undefined
      },
    },
  ),
  ...frameFlag('text'),
  ...frameFlag('binary'),

  ...derived(
    'source.handshake.present',
    ['default', 'axis2'],
    'True on the message made of a client’s handshake.',
    ctx => ctx.event === 'open' || undefined,
  ),
  ...derived(
    'websocket.source.handshake.present',
    ['default', 'axis2'],
    'The older name of source.handshake.present.',
    ctx => ctx.event === 'open' || undefined,
  ),
  ...derived(
    'websocket.target.handshake.present',
    ['default', 'axis2'],
    'True on the message that says a backend has accepted the handshake.',
    ctx => ctx.event === 'linked' || undefined,
  ),
  ...derived(
    'connection.terminate',
    ['default', 'axis2'],
    'True on the message that says the client is gone.',
    ctx => ctx.event === 'close' || undefined,
  ),
  ...derived(
    'websocket.ping.frame.present',
    ['default', 'axis2'],
    'True on a message made of a ping.',
    ctx => ctx.event === 'ping' || undefined,
  ),
  ...derived(
    'websocket.pong.frame.present',
    ['default', 'axis2'],
    'True on a message made of a pong.',
    ctx => ctx.event === 'pong' || undefined,
  ),
  ...derived(
    'isInbound',
    ['default', 'axis2'],
    'True for messages of an inbound endpoint.',
    ctx => ctx.service.kind === 'inbound endpoint' || undefined,
  ),
  ...derived('inbound.endpoint.name', ['default'], 'Name of the inbound endpoint.', ctx =>
    ctx.service.kind === 'inbound endpoint' ? ctx.service.name : undefined,
  ),
  ...derived('api.caller', ['default'], 'Name of the inbound endpoint, for APIs bound to it.', ctx =>
    ctx.service.kind === 'inbound endpoint' ? ctx.service.name : undefined,
  ),
  ...derived('proxy.name', ['default'], 'Name of the proxy service.', ctx =>
    ctx.service.kind === 'proxy service' ? ctx.service.name : undefined,
  ),
  ...derived(
    'websocket.source.channel.identifier',
    ['default', 'axis2'],
    'Names the client’s connection.',
    ctx => ctx.session?.id,
  ),
  ...derived(
    'websocket.subscriber.path',
    ['default'],
    'Path and query the client connected with; on a backend’s message the backend’s address.',
    ctx => (ctx.link ? ctx.link.address : ctx.session?.handshake.target),
  ),
  ...derived('clientId', ['axis2'], 'Names the client’s connection.', ctx => ctx.session?.id),
  ...derived('TransportInURL', ['axis2'], 'URL the request came to.', ctx => ctx.origin.request?.url),
  ...derived('TRANSPORT_IN_NAME', ['default'], 'http or ws.', ctx => (ctx.session ? 'ws' : 'http')),
  ...derived(
    'ClientApiNonBlocking',
    ['axis2'],
    'True, as in the original.',
    ctx => ctx.direction === 'request',
  ),
  ...derived('HTTP_METHOD', ['axis2'], 'Method of the HTTP request.', ctx => ctx.origin.request?.method),
  ...derived(
    'REST_URL_POSTFIX',
    ['axis2'],
    'What follows the path of the service, query included.',
    ctx => ctx.origin.request?.postfix || undefined,
  ),
  ...derived('REMOTE_ADDR', ['axis2'], 'Address of the client.', ctx => ctx.origin.request?.remoteAddress),
  ...derived('To', ['default'], 'Address the message is for.', ctx =>
    ctx.direction === 'request' ? (ctx.to ?? ctx.origin.request?.target ?? '') : '',
  ),
  ...derived('From', ['default'], 'Always empty here.', () => ''),
  ...derived('ReplyTo', ['default'], 'Always empty here.', () => ''),
  ...derived('FaultTo', ['default'], 'Always empty here.', () => ''),
  ...derived('Action', ['default'], 'The SOAPAction header.', ctx => soapAction(ctx) ?? ''),
  ...derived('RelatesTo', ['default'], 'Always empty here.', () => ''),
  ...derived('MessageID', ['default'], 'Names the message: urn:uuid:…', ctx => ctx.id),
  ...derived('FAULT', ['default'], 'TRUE when the body holds a SOAP fault, else empty.', ctx =>
    payloadOf(ctx.message.content.envelope())?.localName === 'Fault' ? 'TRUE' : '',
  ),
  ...derived('MESSAGE_FORMAT', ['default'], 'pox, get, soap11 or soap12.', messageFormat),
  ...derived('SYSTEM_TIME', ['default', 'axis2'], 'Milliseconds since 1970.', () => String(Date.now())),
  ...derived('SYSTEM_DATE', ['default', 'axis2'], 'Date and time of now, ISO 8601.', () =>
    new Date().toISOString(),
  ),
]

function soapAction(ctx: MessageContext): string | undefined {
  return ctx.message.headers.get('SOAPAction')?.replace(/^"|"$/g, '')
}

function messageFormat(ctx: MessageContext): string {
  if (ctx.origin.request?.method === 'GET' && !ctx.session) return 'get'
  const { mediaType } = ctx.message.content
  if (mediaType === 'application/soap+xml') return 'soap12'
  if (mediaType !== 'text/xml') return 'pox'
  const envelope = ctx.message.content.envelope()
  if (soapAction(ctx) === undefined && !holdsEnvelope(ctx.message.content.text())) return 'pox'
  return envelope.namespaceURI === SOAP12 ? 'soap12' : 'soap11'
}

/** Whether the text itself is an envelope: `envelope()` puts one around plain XML. */
function holdsEnvelope(text: string): boolean {
  return text.trim() !== '' && isEnvelope(parseXml(text).documentElement!)
}

/** Every property name with a meaning, by scope and name. */
export const wellKnown: ReadonlyMap<string, WellKnown> = new Map(
  list.map(entry => [`${entry.scope} ${entry.name}`, entry]),
)
