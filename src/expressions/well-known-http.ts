import { networkInterfaces } from 'node:os'
import type { MessageContext } from '../core/context.ts'
import { control, derived, setting, textValue, type WellKnown } from './well-known-entry.ts'

/** What HTTP knows of a message and acts on. */
export const httpProperties: readonly WellKnown[] = [
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
  ...control('NO_ENTITY_BODY', 'axis2', '"true": the message leaves without a body.', {
    get: ctx => ctx.transportIfAny?.noEntityBody,
    set: (ctx, value) => {
      ctx.transport.noEntityBody = value
    },
    remove: ctx => {
      ctx.transport.noEntityBody = undefined
    },
  }),
  ...control(
    'messageType',
    'axis2',
    'Media type the message leaves in. Sets ContentType and the Content-Type header too.',
    {
      get: ctx => ctx.transportIfAny?.messageType ?? (ctx.message.content.mediaType || undefined),
      set: (ctx, value) => {
        ctx.transport.messageType = textValue(value)
        ctx.transport.contentType = textValue(value)
        ctx.message.headers.set('Content-Type', textValue(value) ?? '')
      },
      remove: ctx => {
        ctx.transport.messageType = undefined
      },
    },
  ),
  ...control('ContentType', 'axis2', 'The Content-Type the message leaves with.', {
    get: ctx => ctx.transportIfAny?.contentType ?? ctx.message.headers.get('Content-Type'),
    set: (ctx, value) => {
      ctx.transport.contentType = textValue(value)
    },
    remove: ctx => {
      ctx.transport.contentType = undefined
    },
  }),
  ...control('TRANSPORT_HEADERS', 'axis2', 'All headers of the message: removing it removes them.', {
    get: ({ message }) =>
      `{${message.headers
        .entries()
        .map(({ name, value }) => `${name}=${value}`)
        .join(', ')}}`,
    set: () => {},
    remove: ({ message }) => {
      for (const { name } of message.headers.entries()) message.headers.delete(name)
    },
  }),
  ...derived('TransportInURL', ['axis2'], 'URL the request came to.', ctx => ctx.origin.request?.url),
  ...derived(
    'ClientApiNonBlocking',
    ['axis2'],
    'True, as in the original.',
    ctx => ctx.direction === 'request',
  ),
  ...derived(
    'HTTP_METHOD',
    ['axis2'],
    'Method of the HTTP request; set, the one a backend is called with.',
    ctx => ctx.origin.request?.method,
  ),
  ...derived(
    'REST_URL_POSTFIX',
    ['axis2'],
    'What follows the path of the service, query included; appended to the address of an endpoint unless it is removed.',
    ctx => ctx.origin.request?.postfix || undefined,
  ),
  ...derived('REMOTE_ADDR', ['axis2'], 'Address of the client.', ctx => ctx.origin.request?.remoteAddress),
  ...derived('REMOTE_HOST', ['axis2'], 'The same.', ctx => ctx.origin.request?.remoteAddress),
  ...derived(
    'EXCESS_TRANSPORT_HEADERS',
    ['axis2'],
    'Values of headers that came more than once, but for the first of each: `{NAME=[VALUE, VALUE]}`.',
    ({ message }) => excessOf(message.headers.fields()),
  ),
  ...derived(
    'CHARACTER_SET_ENCODING',
    ['axis2'],
    'Character set of the payload as the Content-Type has it; UTF-8 where it says none. Payloads leave in UTF-8.',
    ({ message }) =>
      /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(message.headers.get('Content-Type') ?? '')?.[1] ?? 'UTF-8',
  ),
  ...derived(
    'synapse.isresponse',
    ['axis2'],
    'Whether the message is a response.',
    ({ direction }) => direction === 'response',
  ),
  ...derived(
    'message.builder.invoked',
    ['axis2'],
    'Whether the payload was read, or made here.',
    ({ message }) => !message.content.isArriving && message.content.form !== 'bytes',
  ),
  ...derived('SERVICE_PREFIX', ['axis2'], 'Scheme and host the client used, with `/` behind.', ctx => {
    const prefix = hostOf(ctx)
    return prefix && `${prefix}/`
  }),
  ...derived(
    'ORIGINAL_STATUS_CODE',
    ['axis2'],
    'Status of the backend’s answer, whatever HTTP_SC says.',
    ctx => ctx.message.status,
  ),
  ...derived('HTTP_REASON_PHRASE', ['axis2'], 'Reason beside it.', ctx => ctx.message.reason),
  ...setting('HTTP_SC_DESC', 'axis2', 'Reason of the HTTP response, beside its status.'),
  ...setting('SC_ACCEPTED', 'axis2', 'True gives the response status 202.'),
  ...setting('FAULTS_AS_HTTP_200', 'axis2', 'True sends SOAP faults with status 200 in place of 500.'),
  ...setting('NIO-ACK-Requested', 'axis2', 'True gives a caller that nobody answers HTTP_SC and no body.'),
  ...setting('DISABLE_CHUNKING', 'axis2', 'True collects the payload and sends it with a Content-Length.'),
  ...setting(
    'FORCE_HTTP_1.0',
    'axis2',
    'True collects the payload, sends it to the backend with a Content-Length, and closes the connection behind it; the request line is that of HTTP/1.1.',
  ),
  ...setting(
    'FORCE_HTTP_CONTENT_LENGTH',
    'axis2',
    'Accepted: a payload has a Content-Length wherever its length is known.',
  ),
  ...setting(
    'COPY_CONTENT_LENGTH_FROM_INCOMING',
    'axis2',
    'Accepted: what is passed on as it came keeps its length.',
  ),
  ...setting('NO_KEEPALIVE', 'axis2', 'True closes the connection to the backend behind the request.'),
  ...setting('FORCE_POST_PUT_NOBODY', 'axis2', 'Accepted: POST, PUT and DELETE may go without a body.'),
  ...setting('POST_TO_URI', 'axis2', 'True puts the whole URL into the request line, as proxies want it.'),
  ...setting('FULL_URI', 'axis2', 'The same.'),
  ...setting('REQUEST_HOST_HEADER', 'axis2', 'The Host header the backend gets.'),
  ...setting(
    'IGNORE_SC_ACCEPTED',
    'axis2',
    'True takes the 202 of a backend without a body for its answer; else there is none.',
  ),
  ...setting('enableMTOM', 'axis2', 'Accepted: attachments leave as they came.'),
  ...setting('enableSwA', 'axis2', 'The same.'),
  ...setting(
    'FORCE_SOAP_FAULT',
    'axis2',
    'Accepted: a SOAP caller gets what went wrong as a SOAP fault, any other as JSON.',
  ),
  ...setting('HTTP_ETAG', 'axis2', 'True gives the response a tag, and 304 to a caller that has it.'),
  ...setting(
    'setCharacterEncoding',
    'axis2',
    'False leaves `; charset=UTF-8` off the Content-Type of what was written anew.',
  ),
  ...setting(
    'ERROR_CODE',
    'axis2',
    'A response with it is 502, and its connection closed, whatever HTTP_SC says.',
  ),
  ...derived(
    'OperationName',
    ['default'],
    'mediate for every HTTP request: services have one operation.',
    ctx => (ctx.origin.kind === 'http' ? 'mediate' : undefined),
  ),
  ...setting(
    'FORCE_ERROR_ON_SOAP_FAULT',
    'default',
    'True makes a SOAP fault that a backend answers with a fault of the endpoint: 500000.',
  ),
  ...setting('ENDPOINT_PREFIX', 'default', 'Address of the endpoint the message was last given to.'),
  ...setting('last_endpoint', 'default', 'Name of the endpoint that failed last, or its address.'),
  ...derived('ARTIFACT_NAME', ['default'], 'What serves the message, and its name, in one word.', ctx => {
    const word = ARTIFACTS[ctx.service.kind]
    return word && word + ctx.service.name
  }),
  ...derived('SERVER_IP', ['default'], 'An address of this machine.', () => serverAddress()),
  ...derived('REST_FULL_REQUEST_PATH', ['default'], 'In an API: path and query of the request.', ctx =>
    ctx.origin.request?.rest ? ctx.origin.request.target : undefined,
  ),
  ...derived(
    'REST_SUB_REQUEST_PATH',
    ['default'],
    'In an API: what follows its context, query included; `/` where nothing does.',
    ctx => ctx.origin.request?.rest?.path,
  ),
  ...derived('REST_METHOD', ['default'], 'In an API: method of the request.', ctx =>
    ctx.origin.request?.rest ? ctx.origin.request.method : undefined,
  ),
  ...derived('REST_URL_PREFIX', ['default'], 'In an API: scheme and host the client used.', ctx =>
    ctx.origin.request?.rest ? hostOf(ctx) : undefined,
  ),
  ...derived(
    'REST_API_CONTEXT',
    ['default'],
    'In an API: its context.',
    ctx => ctx.origin.request?.rest?.context,
  ),
  ...derived(
    'SYNAPSE_REST_API',
    ['default'],
    'In an API: its name, with `:v` and its version where it has one.',
    ctx => ctx.origin.request?.rest?.api,
  ),
  ...derived(
    'SYNAPSE_REST_API_VERSION',
    ['default'],
    'In an API: its version; empty for none.',
    ctx => ctx.origin.request?.rest?.version,
  ),
  ...derived(
    'SYNAPSE_RESOURCE',
    ['default'],
    'In an API: names the resource.',
    ctx => ctx.origin.request?.rest?.resource,
  ),
  ...derived(
    'rest.url.pattern',
    ['default'],
    'In an API: the template or mapping of the resource.',
    ctx => ctx.origin.request?.rest?.pattern,
  ),
]

const ARTIFACTS: Readonly<Record<string, string>> = {
  'proxy service': 'proxyservices',
  API: 'api',
  'inbound endpoint': 'inboundendpoint',
}

function excessOf(fields: readonly { readonly name: string; readonly value: string }[]): string {
  const found = new Map<string, { readonly name: string; readonly more: string[] }>()
  for (const { name, value } of fields) {
    const before = found.get(name.toLowerCase())
    if (before) before.more.push(value)
    else found.set(name.toLowerCase(), { name, more: [] })
  }
  const repeated = [...found.values()].filter(({ more }) => more.length > 0)
  return `{${repeated.map(({ name, more }) => `${name}=[${more.join(', ')}]`).join(', ')}}`
}

let knownAddress: string | undefined

/** The first address other machines may know; the loopback where there is none. */
function serverAddress(): string {
  knownAddress ??=
    Object.values(networkInterfaces())
      .flatMap(each => each ?? [])
      .find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1'
  return knownAddress
}

/** Scheme and host of the URL the client used. */
function hostOf({ origin }: MessageContext): string | undefined {
  return origin.request && /^[a-z]+:\/\/[^/?#]*/i.exec(origin.request.url)?.[0]
}
