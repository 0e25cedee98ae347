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
  ...derived('HTTP_METHOD', ['axis2'], 'Method of the HTTP request.', ctx => ctx.origin.request?.method),
  ...derived(
    'REST_URL_POSTFIX',
    ['axis2'],
    'What follows the path of the service, query included.',
    ctx => ctx.origin.request?.postfix || undefined,
  ),
  ...derived('REMOTE_ADDR', ['axis2'], 'Address of the client.', ctx => ctx.origin.request?.remoteAddress),
  ...derived('REMOTE_HOST', ['axis2'], 'The same.', ctx => ctx.origin.request?.remoteAddress),
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

/** Scheme and host of the URL the client used. */
function hostOf({ origin }: MessageContext): string | undefined {
  return origin.request && /^[a-z]+:\/\/[^/?#]*/i.exec(origin.request.url)?.[0]
}
