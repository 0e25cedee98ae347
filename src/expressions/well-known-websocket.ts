import type { FrameKind } from '../core/context.ts'
import { control, derived, setting, textValue, type WellKnown } from './well-known-entry.ts'

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
          if (ctx.frame === kind) ctx.relaysOnSend = value === true
        },
        remove: ctx => {
          if (ctx.frame === kind) ctx.relaysOnSend = false
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
          if (ctx.frame === kind) ctx.relaysOnRespond = value === true
        },
        remove: ctx => {
          if (ctx.frame === kind) ctx.relaysOnRespond = false
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

/** What WebSockets know of a message and act on. */
export const webSocketProperties: readonly WellKnown[] = [
  ...['websocket.accept.contenType', 'websocket.accept.contentType'].flatMap(name =>
    control(
      name,
      'axis2',
      "Content type negotiated with a WebSocket backend: the subprotocol `synapse(contentType='…')` is offered, and the backend's messages are read as this type. The spelling with one t is the original's.",
      {
        get: ctx => ctx.transportIfAny?.acceptContentType,
        set: (ctx, value) => {
          ctx.transport.acceptContentType = textValue(value)
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
        ctx.transport.subprotocol = textValue(value)
      },
      remove: ctx => {
        ctx.transport.subprotocol = undefined
      },
    },
  ),
  ...setting(
    'websocket.compress',
    'axis2',
    'Whether the message may leave compressed where its connection compresses; "false" for one that must not, or that would not get smaller.',
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
  ...(['ping', 'pong'] as const).flatMap(kind =>
    derived(`websocket.${kind}.frame`, ['default', 'axis2'], `What came in a ${kind}, in Base64.`, ctx =>
      ctx.event === kind ? (ctx.frameData?.toString('base64') ?? '') : undefined,
    ),
  ),
  ...derived(
    'websocket.source.channel.identifier',
    ['default', 'axis2'],
    'Names the client’s connection.',
    ctx => ctx.session?.id,
  ),
  ...derived(
    'websocket.correlation.id',
    ['default', 'axis2'],
    'The same: log lines name it.',
    ctx => ctx.session?.id,
  ),
  ...derived(
    'websocket.subscriber.path',
    ['default'],
    'Path and query the client connected with; on a backend’s message the backend’s address.',
    ctx => (ctx.link ? ctx.link.address : ctx.session?.handshake.target),
  ),
  ...derived(
    'websocket.user',
    ['default'],
    'Who the client is, where the service asks for that by `auth`: on requests over HTTP, too.',
    ctx => ctx.origin.request?.identity?.user,
  ),
  ...derived(
    'websocket.scopes',
    ['default'],
    'What that user may do: scopes with spaces between them.',
    ctx => ctx.origin.request?.identity?.scopes.join(' '),
  ),
  ...derived(
    'websocket.claims',
    ['default'],
    'What the credentials of that user say, as JSON: the claims of a token.',
    ctx => ctx.origin.request?.identity?.claims,
  ),
  ...derived('clientId', ['axis2'], 'Names the client’s connection.', ctx => ctx.session?.id),

  ...setting(
    'websocket.close.client',
    'default',
    'respond closes the client’s connection: "true", with the code and reason below.',
  ),
  ...(['default', 'axis2'] as const).flatMap(scope => [
    ...setting(
      'websocket.close.code',
      scope,
      `Code a connection was closed with (axis2), or is to be (default).`,
    ),
    ...setting('websocket.reason.text', scope, 'Reason that goes with `websocket.close.code`.'),
  ]),
  ...setting(
    'websocket.close.frame.status.code',
    'default',
    'Code with which respond closes the client’s connection; the reason below must be set too.',
  ),
  ...setting(
    'websocket.close.frame.reason.text',
    'default',
    'Reason with which respond closes the connection.',
  ),
  ...setting(
    'websocket.group.delivered',
    'default',
    'How many sessions sendToGroup or sendToSession handed the message to.',
  ),
  ...setting(
    'websocket.group.failed',
    'default',
    'The ids of those that did not get it, separated by commas; of more than 1,000 the first.',
  ),
  ...setting('websocket.group.failed.count', 'default', 'How many these are.'),
  ...setting(
    'websocket.group.unanswered',
    'default',
    'The other gateway processes that did not say in time what became of the message, separated by commas; `*` where there is no way to others now. Not there in a process that runs alone.',
  ),
  ...setting(
    'errorCode',
    'default',
    'Code with which respond closes the client’s connection, with `ERROR_MESSAGE` as the reason.',
  ),
]
