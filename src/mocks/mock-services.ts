import { sessionGroups } from '../cluster/groups-of.ts'
import type { Service } from '../core/ports.ts'
import type { Build, ServedService } from '../language/declare.ts'
import type { Span } from '../language/source.ts'
import { REPLY } from '../sequences/reply.ts'
import type { WebSocketServiceOptions } from '../websocket/options.ts'
import { DEFAULT_SLOW_BYTES, DEFAULT_SLOW_MESSAGES } from '../websocket/slow-readers.ts'
import { httpFlow } from './http-flow.ts'
import type { MockBook } from './mock-book.ts'
import { mockChannels } from './mock-channels.ts'
import { upgradeRoute, webSocketFlow } from './websocket-flow.ts'

/** Where mocks are served. */
export interface MockPlace {
  readonly name: string
  readonly listener: ServedService['listener']
  readonly span: Span
}

/** Makes the services that mocks are: one for WebSockets and one for HTTP, on each path that is asked for. */
export function mockServices(book: MockBook, place: MockPlace, build: Build): ServedService[] {
  const { listener, span } = place
  const webSocket = serviceOf(place, { run: webSocketFlow(book) }, build)
  const http = serviceOf(place, { run: httpFlow(book) }, build)
  const { webSockets, endpoints } = book.set
  const pathsOf = (
    mocks: readonly { readonly address: { readonly path: { readonly servedAt: string } } }[],
  ) => (book.isRoot ? ['/*'] : [...new Set(mocks.map(({ address }) => address.path.servedAt))])
  const route = upgradeRoute(book, webSocket)
  return [
    ...pathsOf(webSockets).map(path => ({
      service: webSocket,
      listener,
      path,
      span,
      webSocket: optionsOf(book, build),
      channels: () => mockChannels(book.set),
      apis: [
        { service: webSocket, listener: 'inbound endpoints' as const, path: '/*', span, http: { route } },
      ],
    })),
    ...pathsOf(endpoints).map(path => ({ service: http, listener, path, span })),
  ]
}

function serviceOf({ name }: MockPlace, pipeline: Service['outflow'], build: Build): Service {
  return {
    name,
    kind: 'mock',
    label: `{mock:${name}} `,
    deployment: build.deployment,
    log: build.log,
    counters: build.counters(`mock ${name}`),
    on: { message: pipeline, open: pipeline, close: pipeline },
    outflow: REPLY,
    outDispatch: REPLY,
    outFault: REPLY,
    outKey: `mock ${name}`,
  }
}

function optionsOf(book: MockBook, build: Build): WebSocketServiceOptions {
  return {
    // Other mocks may have others.
    get subprotocols() {
      return book.subprotocols
    },
    defaultContentType: '',
    broadcastLevel: 0,
    customHeaderPrefix: build.settings.webSocket.customHeaderPrefix.toLowerCase(),
    passControlFrames: false,
    handshake: { isHeld: false, timeoutMs: 30_000, passesSubprotocols: false, relayedHeaders: [] },
    preservedHeaders: [],
    closeDeadlineMs: 5_000,
    shutdown: { code: 1001, reason: 'shutdown' },
    clientIdleMs: 0,
    backendIdleMs: 0,
    heartbeat: undefined,
    limits: undefined,
    origins: { listed: [], allow: () => true },
    groups: sessionGroups(build),
    slow: {
      policy: 'pause',
      maxBytes: DEFAULT_SLOW_BYTES.pause,
      maxMessages: DEFAULT_SLOW_MESSAGES,
      maxPushedBytes: DEFAULT_SLOW_BYTES.close,
      key: undefined,
      spillFolder: build.settings.webSocket.spillFolder,
    },
    passesFragments: false,
    frameLogging: build.settings.webSocket.frameLogging,
    isSuspended: false,
  }
}
