import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Gate } from '../core/access/gate.ts'
import type { RequestHead, Route } from '../core/route.ts'
import { expression } from '../expressions/expression.ts'
import { inboundTls, type KeyStoreFiles } from '../inbound/listener-tls.ts'
import { originList } from '../inbound/origins.ts'
import { webSocketParameters } from '../inbound/websocket-parameters.ts'
import { type WebSocketValues, webSocketOptions } from '../inbound/websocket-service.ts'
import { artifact, type Build, type ServedService } from '../language/declare.ts'
import { attribute, type Field, parameters } from '../language/field.ts'
import { placeOf, Source, type Span } from '../language/source.ts'
import type { Element } from '../language/xml.ts'
import { apiArtifact } from '../proxy/api.ts'
import { listenersOf } from '../proxy/transports.ts'
import { accessSecurity } from '../services/access-channel.ts'
import { gateOf } from '../services/access-rules.ts'
import { compileService } from '../services/compile-service.ts'
import { describeService } from '../services/describe-service.ts'
import { serviceChannel } from '../services/service-channel.ts'
import { refusedServiceOptions, type ServiceConfig, serviceFields } from '../services/service-fields.ts'
import { chunkOptions, hasChunks } from '../services/streamed-hooks.ts'
import { handshakeParameters, type UpgradePath, upgradePath } from '../services/upgrade-path.ts'
import type { ListenerTlsOptions, RequestRules, WebSocketServiceOptions } from '../websocket/options.ts'
import { shownListener } from './explain.ts'
import { checkHooks } from './service-checks.ts'

const { 'inbound.ws.port': _port, ...serviceParameters } = webSocketParameters

/** As they are written: what they are compiled to is not described. */
const resourceElements: Field<readonly Element[]> = {
  kind: 'literal',
  doc: 'REST resources, as they are written.',
  isRequired: false,
  read: (_name, { element }) => element.children.filter(({ name }) => name === 'resource'),
}

/** The longest a timer runs, in milliseconds: for ever. */
const FOR_EVER_MS = 2_147_483_647

/** A service with hooks for WebSockets, and REST resources below the same path. */
export const serviceArtifact = artifact({
  element: 'service',
  folder: 'services',
  space: 'service',
  summary:
    'A service for WebSocket clients, with a hook for each thing that can happen to them, and REST resources below the same path.',
  fields: {
    ...serviceFields,
    origins: attribute(originList, {
      doc: 'Origins whose pages may connect, comma-separated; see `ws.origins` of inbound endpoints.',
    }),
    resource: apiArtifact.fields.resource!,
    resourceElements,
    parameters: parameters(serviceParameters, {
      doc: 'Further settings, those of ws inbound endpoints: limits, heartbeats, concurrency, slow readers.',
    }),
  },
  unsupported: refusedServiceOptions,
  notes:
    'It stands in the namespace `urn:myelin`. The same can be written in YAML and in TypeScript; see [services](../../guide/services.md).',
  example: `<service xmlns="urn:myelin" name="echo" basePath="/echo">
    <onMessage>
        <respond/>
    </onMessage>
</service>`,
  nameOf: ({ name }) => name ?? '',
  check: (config, wrong, element) => checkHooks(config as ServiceConfig, wrong, element),

  compile(config, build, span) {
    const own = config as unknown as ServiceConfig
    const path = pathOf(own, build, span)
    const listeners = listenersFor(own, build, span)
    const access = gateOf(own.auth, own.name, build)
    if (!path || !listeners || (own.auth.length > 0 && !access)) return {}
    const service = compileService(own, path, build)
    const listen = listeners.map(shownListener).join(', ')
    const model = () =>
      describeService(own, { listen, path: shownPath(own), resources: config.resourceElements })
    const entry = (name: string): string | undefined => build.deployment.entry(name)?.text
    const channels = () => [serviceChannel(own, { path, security: accessSecurity(own.auth), entry })]
    const given = { ...config.parameters, 'ws.origins': config.origins ?? config.parameters['ws.origins'] }
    const webSocket = optionsFor(own, path, given as WebSocketValues, { on: service.on, access, build, span })
    const api = config.resource as readonly unknown[]
    const resources = api.length > 0 ? resourcesOf(own, api, path, { access, build, span }) : undefined
    return {
      services: listeners.flatMap((listener, i): ServedService[] => [
        { service, listener, path: path.served, webSocket, span, channels, ...(i === 0 && { model }) },
        ...(resources ? [{ ...resources, listener }] : []),
      ]),
    }
  },
})

function pathOf(
  { basePath, upgradePath: below }: ServiceConfig,
  build: Build,
  span: Span,
): UpgradePath | undefined {
  try {
    const path = below.startsWith('/') || below === '.' ? below : `/${below}`
    return upgradePath(basePath, path)
  } catch (error) {
    build.error(span, 'bad-value', `upgradePath is "${below}": ${(error as Error).message}.`)
    return undefined
  }
}

function shownPath({ basePath, upgradePath: below }: ServiceConfig): string {
  return `${basePath === '/' ? '' : basePath}${below === '.' ? '' : below}` || '/'
}

const NOWHERE: Span = { source: new Source('', ''), start: 0, end: 0 }

/** Who counts as one user, where a service asks who its clients are and says nothing else. */
const USER = expression.parse('$ctx:websocket.user', { namespaces: new Map(), span: NOWHERE })

interface Around {
  readonly access?: Gate | undefined
  readonly build: Build
  readonly span: Span
}

function optionsFor(
  config: ServiceConfig,
  path: UpgradePath,
  given: WebSocketValues,
  { on, access, build, span }: Around & { readonly on: Readonly<Record<string, unknown>> },
): WebSocketServiceOptions {
  const { maxFrameSize, maxMessageSize, connectionClosureTimeout, query, header, listen } = config
  const compression =
    listen?.webSocketCompressionEnabled ?? config.webSocketCompressionEnabled ?? config.compression
  const limitsUsers = access !== undefined && given['ws.limit.connections.per.user'] > 0
  const values = {
    ...given,
    'ws.compression': compression && !hasChunks(config),
    'ws.subprotocols': [...config.subProtocols, ...given['ws.subprotocols']],
    'ws.default.content.type': config.contentType ?? given['ws.default.content.type'],
    'ws.limit.user': given['ws.limit.user'] ?? (limitsUsers ? USER : undefined),
  }
  const made = webSocketOptions({ given: values, isSuspended: config.suspend }, build, span)
  if (access?.waiting && made.handshake.isHeld && on.upgrade === undefined)
    build.error(
      span,
      'bad-combination',
      'A client that sends its token in its first message cannot wait for onOpen before its upgrade is answered.',
    )
  if (access?.readsMessages && made.frameLogging === 'frames')
    build.warning(span, 'no-effect', 'Frames are logged without their content: some of them hold tokens.')
  const timeout = listen?.timeout ?? config.timeout ?? config.upgradeTimeout
  const asks = path.parameters.length + query.length + header.length > 0
  return {
    ...made,
    subprotocols: config.requireSubprotocol ? values['ws.subprotocols'] : made.subprotocols,
    passControlFrames: on.ping !== undefined,
    clientIdleMs: config.idleTimeout > 0 ? Math.round(config.idleTimeout * 1000) : made.clientIdleMs,
    connection: {
      ...made.connection,
      maxFrameBytes: maxFrameSize > 0 ? maxFrameSize : 65_536,
      ...(maxMessageSize !== undefined && { maxMessageBytes: maxMessageSize }),
      closeTimeoutMs:
        connectionClosureTimeout === -1 ? FOR_EVER_MS : Math.round(connectionClosureTimeout * 1000),
    },
    handshake: {
      ...made.handshake,
      isHeld: made.handshake.isHeld || on.upgrade !== undefined,
      timeoutMs: timeout > 0 ? Math.round(timeout * 1000) : FOR_EVER_MS,
    },
    upgradeHeaders: config.upgradeHeader.map(each => `${each.name}: ${each.value}`),
    requiresSubprotocol: config.requireSubprotocol,
    access,
    ...(hasChunks(config) && chunkOptions(config, made, build, span)),
    ...(asks && { parameters: handshakeParameters(path, query, header) }),
  }
}

/** The resources are an API; what asks for the path of the upgrade without asking for one is told so. */
function resourcesOf(
  { name, basePath, transports }: ServiceConfig,
  resource: readonly unknown[],
  path: UpgradePath,
  { access, build, span }: Around,
): ServedService | undefined {
  const context = basePath === '/' ? '' : basePath
  const config = { name, context, resource, bindsTo: ['default'], transports, validateSchema: false }
  const [served] = apiArtifact.compile(config as never, build, span).services ?? []
  if (!served) return undefined
  const { route } = served.http!
  return { ...served, http: { ...served.http, access, route: head => withUpgrade(route!(head), head, path) } }
}

function withUpgrade(route: Route, head: RequestHead, path: UpgradePath): Route {
  if (!('answer' in route) || route.answer instanceof Promise || head.method !== 'GET') return route
  if (route.answer.status !== 404 && route.answer.status !== 405) return route
  return path.match(head.path) ? { answer: UPGRADE_REQUIRED } : route
}

const UPGRADE_REQUIRED = {
  status: 426,
  headers: [
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Content-Type', 'application/json'],
  ],
  body: JSON.stringify({ message: 'this is a WebSocket' }),
} as const

/** Undefined where its certificates cannot be had, which is reported. */
function listenersFor(
  config: ServiceConfig,
  build: Build,
  span: Span,
): ServedService['listener'][] | undefined {
  const { listen, name } = config
  if (listen?.port === undefined) return listenersOf(`service ${name}`, config.transports, build, span)
  const { port, host, secureSocket } = listen
  const files = secureSocket && filesOf(secureSocket, span)
  const tls: ListenerTlsOptions | undefined = files && inboundTls(files, name, { build, span })
  if (files && !tls) return undefined
  const rules = rulesOf(listen)
  return [
    { port, tls, ...(host !== undefined && { host }), ...(rules && { rules }) } as ServedService['listener'],
  ]
}

/** What it asks of requests; undefined where that is nothing but what the settings say. */
function rulesOf({ server, http1Settings, requestLimits }: Listen): RequestRules | undefined {
  if (server === undefined && !http1Settings && !requestLimits) return undefined
  const { keepAlive, maxPipelinedRequests: maxPipelined } = http1Settings ?? {}
  const { maxUriLength, maxHeaderSize, maxEntityBodySize = -1 } = requestLimits ?? {}
  return {
    ...(server !== undefined && { server }),
    ...(maxUriLength !== undefined && { maxUriBytes: maxUriLength }),
    ...(maxHeaderSize !== undefined && { maxHeaderBytes: maxHeaderSize }),
    ...(maxEntityBodySize >= 0 && { maxBodyBytes: maxEntityBodySize }),
    ...(keepAlive === 'NEVER' && { keepsAlive: false }),
    ...(maxPipelined !== undefined && { maxPipelined }),
  }
}

type Listen = NonNullable<ServiceConfig['listen']>
type SecureSocket = NonNullable<Listen['secureSocket']>

function filesOf(
  { key, mutualSsl, protocol, ciphers, ...timeouts }: SecureSocket,
  span: Span,
): KeyStoreFiles {
  const near = (file: string | undefined): string | undefined => file && placed(file, span)
  return {
    keyStore: near(key?.certFile ?? key?.path) ?? '',
    keyStorePassword: key?.password,
    keyPassword: key?.keyPassword,
    keyFile: near(key?.keyFile),
    trustStore: near(mutualSsl?.cert),
    trustStorePassword: undefined,
    revoked: near(mutualSsl?.crl),
    ...(mutualSsl && { clientCertificates: mutualSsl.verifyClient === 'OPTIONAL' ? 'optional' : 'require' }),
    protocols: protocol?.versions ?? 'TLS',
    ciphers,
    handshakeTimeout: timeouts.handshakeTimeout,
    sessionTimeout: timeouts.sessionTimeout,
  }
}

/** A file is looked for beside the service first. */
function placed(file: string, { source }: Span): string {
  const beside = resolve(dirname(placeOf({ source, start: 0, end: 1 }).file), file)
  return existsSync(beside) ? beside : file
}
