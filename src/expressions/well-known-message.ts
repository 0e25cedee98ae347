import type { MessageContext } from '../core/context.ts'
import { isTrue } from '../core/transport-state.ts'
import { isEnvelope, payloadOf, SOAP12 } from '../message/codecs/soap.ts'
import { parseXml } from '../message/xml/parse.ts'
import { DEFAULT_PATTERN, dateFormat } from './date-format.ts'
import { soapAction } from './well-known-addressing.ts'
import { control, derived, type WellKnown } from './well-known-entry.ts'

/** What is known of every message. */
export const messageProperties: readonly WellKnown[] = [
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
  ...derived(
    'isInbound',
    ['default', 'axis2'],
    'True for messages of an inbound endpoint.',
    ctx => inboundOf(ctx) !== undefined || undefined,
  ),
  ...derived('inbound.endpoint.name', ['default'], 'Name of the inbound endpoint.', inboundOf),
  ...derived('api.caller', ['default'], 'Name of the inbound endpoint, for APIs bound to it.', inboundOf),
  ...derived('proxy.name', ['default'], 'Name of the proxy service.', ctx =>
    ctx.service.kind === 'proxy service' ? ctx.service.name : undefined,
  ),
  ...derived('TRANSPORT_IN_NAME', ['default'], 'http, https or ws.', ctx =>
    ctx.session ? 'ws' : ctx.origin.request?.url.startsWith('https:') ? 'https' : 'http',
  ),
  ...derived('FAULT', ['default'], 'TRUE when the body holds a SOAP fault, else empty.', ctx =>
    payloadOf(ctx.message.content.envelope())?.localName === 'Fault' ? 'TRUE' : '',
  ),
  ...derived('MESSAGE_FORMAT', ['default'], 'pox, get, soap11 or soap12.', messageFormat),
  ...derived('SYSTEM_TIME', ['default', 'axis2'], 'Milliseconds since 1970.', () => String(Date.now())),
  ...derived(
    'SYSTEM_DATE',
    ['default', 'axis2'],
    'Date and time of now, as in `1/31/26, 4:05 PM`; a format may stand behind the name in `get-property`.',
    () => dateFormat(DEFAULT_PATTERN).format(new Date()),
  ),
  ...derived('ERROR_CODE', ['default'], 'In a fault sequence: the number of the fault.', none),
  ...derived('ERROR_MESSAGE', ['default'], 'In a fault sequence: what went wrong, in one line.', none),
  ...derived('ERROR_DETAIL', ['default'], 'In a fault sequence: more about it.', none),
  ...derived('ERROR_EXCEPTION', ['default'], 'In a fault sequence: the error behind it, as text.', none),
]

function none(): undefined {}

/** The inbound endpoint a message came to, whether it is the service or passes requests on to it. */
function inboundOf({ service, origin }: MessageContext): string | undefined {
  return service.kind === 'inbound endpoint' ? service.name : origin.request?.inbound
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
