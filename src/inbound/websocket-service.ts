import { sessionGroups } from '../cluster/groups-of.ts'
import type { Pipeline, Service } from '../core/ports.ts'
import type { Build, ServedService } from '../language/declare.ts'
import type { Span } from '../language/source.ts'
import type { Reference } from '../language/types.ts'
import { mediaTypeOf } from '../message/content.ts'
import { guarded } from '../sequences/pipeline.ts'
import type {
  AllowedOrigins,
  BroadcastLevel,
  DeliveryOptions,
  WebSocketServiceOptions,
} from '../websocket/options.ts'
import { concurrencyOf } from './concurrency.ts'
import { type DeliveryValues, deliveryOf } from './delivery-parameters.ts'
import { compressionOf, type FrameValues, frameLimitsOf } from './frame-parameters.ts'
import { type HandshakeValues, handshakeOf } from './handshake-options.ts'
import { type HeartbeatValues, heartbeatOf } from './heartbeat-parameters.ts'
import { type LimitValues, limitsOf } from './limit-parameters.ts'
import { type SlowValues, slowReadersOf } from './slow-parameters.ts'
import { inboundChannel } from './websocket-channel.ts'

/** The subprotocols that tell the content type of messages; `application/xml` and so on. */
const CONTENT_SUBPROTOCOLS = ['application/xml', 'application/json', 'text/xml'].map(
  type => `synapse(contentType='${type}')`,
)

/** What an inbound endpoint says about the WebSockets it takes. */
export interface WebSocketInbound {
  readonly name: string
  readonly sequence: Reference | undefined
  readonly onError: Reference | undefined
  readonly isSuspended: boolean
  readonly given: WebSocketValues
}

/** The parameters for WebSockets that do not say where to listen. */
export type WebSocketValues = SlowValues &
  Parameters<typeof concurrencyOf>[0] &
  LimitValues &
  DeliveryValues &
  FrameValues &
  HeartbeatValues &
  HandshakeValues & {
    readonly 'ws.origins': AllowedOrigins
    readonly 'ws.path': string
    readonly 'ws.outflow.dispatch.sequence': Reference | undefined
    readonly 'ws.outflow.dispatch.fault.sequence': Reference | undefined
    readonly 'ws.client.side.broadcast.level': '0' | '1' | '2'
    readonly 'ws.default.content.type': string | undefined
    readonly 'ws.subprotocols': readonly string[]
    readonly 'dispatch.custom.sequence': boolean
    readonly 'ws.pass.through.control.frames': boolean
    readonly 'ws.dispatch.idleTime': number
    readonly 'ws.outflow.dispatch.idleTime': number
    readonly 'ws.headers.preserve': readonly string[]
    readonly 'ws.close.deadline': number
    readonly 'ws.shutdown.status.code': number
    readonly 'ws.shutdown.status.message': string
  }

/** Makes the service that WebSocket clients of an inbound endpoint get. */
export function webSocketService(
  { name, sequence, onError, isSuspended, given }: WebSocketInbound,
  build: Build,
  span: Span,
): Omit<ServedService, 'listener'> {
  const inFault = build.faultSequence(onError)
  const hook = guarded(build.mainSequence(sequence), inFault)
  const outSequence = given['ws.outflow.dispatch.sequence']
  const outFault = build.faultSequence(given['ws.outflow.dispatch.fault.sequence'])
  const outDispatch = guarded(build.mainSequence(outSequence), outFault)
  const passControlFrames = given['ws.pass.through.control.frames']
  const delivery = deliveryOf(given, name, build, span)
  const service: Service = {
    name,
    kind: 'inbound endpoint',
    label: `{inboundendpoint:${name}} `,
    deployment: build.deployment,
    log: build.log,
    counters: build.counters(`inbound endpoint ${name}`),
    on: { message: hook, open: hook, close: hook, ...(passControlFrames && { ping: hook, pong: hook }) },
    ...(given['dispatch.custom.sequence'] && { hookFor: byPath(build, inFault) }),
    outflow: outDispatch,
    outDispatch,
    outFault,
    outKey: outSequence?.name ?? 'main',
    namesOutDispatch: outSequence !== undefined,
  }
  const webSocket = webSocketOptions({ given, isSuspended, delivery }, build, span)
  return {
    service,
    path: given['ws.path'],
    span,
    model: () => ({
      kind: service.kind,
      name,
      listen: 'a port of its own',
      path: given['ws.path'],
      events: eventsOf(service, sequence?.name ?? 'main'),
    }),
    webSocket,
    channels: () => [
      inboundChannel({
        name,
        path: given['ws.path'],
        sequence: sequence?.name ?? 'main',
        outSequence: service.outKey,
        contentType: given['ws.default.content.type'],
        subprotocols: webSocket.subprotocols,
      }),
    ],
  }
}

function eventsOf({ on, outKey }: Service, sequence: string): Record<string, readonly string[]> {
  const names = Object.keys(on).map(event => `on${event[0]!.toUpperCase()}${event.slice(1)}`)
  const events = names.map(name => [name, [`sequence ${sequence}`]] as const)
  return Object.fromEntries([['onBackendMessage', [`sequence ${outKey}`]] as const, ...events.sort()])
}

/** What the options of a service are made of. */
interface OptionSource extends Pick<WebSocketInbound, 'isSuspended' | 'given'> {
  readonly delivery?: DeliveryOptions | undefined
}

/** Gives how a service treats the WebSockets of its clients. */
export function webSocketOptions(
  { given, isSuspended, delivery }: OptionSource,
  build: Build,
  span: Span,
): WebSocketServiceOptions {
  return {
    subprotocols: [
      ...CONTENT_SUBPROTOCOLS,
      ...given['ws.subprotocols'],
      ...(delivery ? [delivery.subprotocol] : []),
    ],
    defaultContentType: mediaTypeOf(given['ws.default.content.type']),
    broadcastLevel: Number(given['ws.client.side.broadcast.level']) as BroadcastLevel,
    customHeaderPrefix: build.settings.webSocket.customHeaderPrefix.toLowerCase(),
    passControlFrames: given['ws.pass.through.control.frames'],
    handshake: handshakeOf(given, build, span),
    preservedHeaders: given['ws.headers.preserve'],
    closeDeadlineMs: given['ws.close.deadline'],
    shutdown: { code: given['ws.shutdown.status.code'], reason: given['ws.shutdown.status.message'] },
    clientIdleMs: given['ws.dispatch.idleTime'] * 1000,
    concurrency: concurrencyOf(given, build, span),
    delivery,
    backendIdleMs: given['ws.outflow.dispatch.idleTime'] * 1000,
    limits: limitsOf(given, build, span),
    connection: frameLimitsOf(given),
    compression: compressionOf(given, build, span),
    heartbeat: heartbeatOf(given, build, span),
    origins: given['ws.origins'],
    groups: sessionGroups(build),
    slow: slowReadersOf(given, build, span),
    passesFragments: given['ws.pass.fragments'],
    frameLogging: given['ws.log.frames'] ?? build.settings.webSocket.frameLogging,
    isSuspended,
  }
}

/** The path /a/b chooses the sequence a-b, where there is one. */
function byPath(build: Build, fault: Pipeline): Service['hookFor'] {
  return path => {
    const sequence = build.deployment.sequence(path.slice(1).replaceAll('/', '-'))
    return sequence && guarded(sequence, fault)
  }
}
