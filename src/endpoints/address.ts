import type { Endpoint } from '../core/ports.ts'
import { type Build, endpointKind } from '../language/declare.ts'
import { attribute } from '../language/field.ts'
import { statistics, trace } from '../language/observation.ts'
import { resolved } from '../language/resolved.ts'
import type { Span } from '../language/source.ts'
import { Expected, type ValueType } from '../language/types.ts'
import { type CompressionConfig, compressionField } from './compression-field.ts'
import { httpClient, webSocketTo } from './connections.ts'
import { correlatedTo } from './correlated-sender.ts'
import { type CorrelationConfig, checkCorrelation, correlationField } from './correlation-fields.ts'
import { failingEndpoint } from './failing.ts'
import { governed } from './governed.ts'
import { HttpSender } from './http-sender.ts'
import type { Shape } from './outgoing.ts'
import { hasPolicy, type PolicyConfig, policyFields } from './policy-fields.ts'
import { SHAPE_IGNORED, SHAPE_UNSUPPORTED, shapeFields, shapeOf } from './shape-fields.ts'
import {
  checkSurvival,
  type SurvivalConfig,
  survivalFields,
  survivalNames,
  survivalOf,
} from './survival-fields.ts'
import { fixedAddress } from './where.ts'

/** An address we can send to. */
const address: ValueType<string> = {
  name: 'address',
  parse(text) {
    const uri = text.trim()
    const isOurs = /^(?:ws|http)s?:/i.test(uri) && !uri.includes('$')
    if (isOurs && !URL.canParse(uri)) throw new Expected('an address such as http://host:port/path')
    if (/^wss?:/i.test(uri) && isOurs && new URL(uri).hash !== '')
      throw new Expected('an address without a fragment (#…)')
    return uri
  },
}

const fields = {
  uri: attribute(address, { doc: 'Where to send to.', required: true }),
  ...shapeFields,
  statistics,
  trace,
  ...policyFields,
  correlation: correlationField,
  ...survivalFields,
  compression: compressionField,
} as const

/** An endpoint at a fixed address. */
export const addressEndpoint = endpointKind({
  element: 'address',
  summary: 'An endpoint at a fixed address. ws:// and wss:// addresses get a persistent WebSocket.',
  fields,
  ignored: SHAPE_IGNORED,
  unsupported: SHAPE_UNSUPPORTED,
  notes:
    'http:// and https:// addresses are called with the method of the message; what followed the path of the service a REST message came to is appended. Environment variables stand in the address as `${NAME}`, or are the address as `$SYSTEM:NAME`.\n\nCompatibility: an endpoint that says nothing about failures is suspended for 30 seconds by any of them; a WebSocket address only where the endpoint says so. Addresses of other transports deploy, and sending to them is a fault.\n\nEach client session has a link of its own to a WebSocket address, HTTP callers share one. The full address, query included, tells links apart. A link that ends is opened anew by the next message. With `<correlation>` the replies of a WebSocket backend are waited for, as those of HTTP are, and its links are shared by all callers: the page about request and reply tells how. `<heartbeat>`, `<reconnect>`, `<takeover>` and `<connect>` make links survive, `<slow>` says what happens while the backend reads slowly: the page about WebSocket tells how.',
  example: `<endpoint>
    <address uri="http://localhost:8081/orders" format="rest">
        <timeout><duration>5000</duration><responseAction>fault</responseAction></timeout>
        <suspendOnFailure><initialDuration>1000</initialDuration></suspendOnFailure>
    </address>
</endpoint>`,
  check(config, wrong, element) {
    if (config.correlation) checkCorrelation(config.correlation, wrong, element)
    checkSurvival(config, wrong)
  },
  compile(config, build, name, span) {
    const found = resolved(config.uri ?? '', { within: true })
    if ('missing' in found) return unresolved(config.uri ?? '', found.missing, { name, build, span })
    const shape = shapeOf(config, build, span)
    const { correlation, compression } = config
    const options = { name, shape, config, correlation, compression, survival: config }
    return endpointAt(found.text, options, build, span)
  },
})

/** Reports an address that the environment does not complete, and makes an endpoint that faults. */
export function unresolved(
  uri: string,
  missing: string,
  { name, build, span }: { readonly name: string; readonly build: Build; readonly span: Span },
): Endpoint {
  const message = `The address ${uri} needs ${missing}, which the environment does not have; sending to it is a fault.`
  build.warning(span, 'unresolved-value', message, `Set the environment variable ${missing}.`)
  return failingEndpoint(name || uri, `the address ${uri} needs ${missing} of the environment`, 303001)
}

/** Says what of a definition means nothing for a WebSocket. */
function warnOfHttpOnly(
  { shape, config, correlation }: Pick<AddressOptions, 'shape' | 'config' | 'correlation'>,
  build: Build,
  span: Span,
): void {
  const warn = (what: string, why: string): void =>
    build.warning(span, 'no-effect', `${what} of <address> has no effect: ${why}.`)
  if (shape.format) warn('attribute format', 'a WebSocket message leaves in the type that messageType says')
  if (shape.encoding) warn('attribute encoding', 'WebSocket text is UTF-8')
  if (shape.addressing) warn('<enableAddressing>', 'a WebSocket message has no headers of its own')
  if (config.timeout?.duration && !correlation)
    warn('<timeout>', 'a WebSocket message is not answered unless <correlation> says how')
}

/** How an endpoint at an address is made. */
export interface AddressOptions {
  readonly name: string
  readonly shape: Shape
  readonly config: PolicyConfig
  /** How a WebSocket backend answers; otherwise nothing is waited for. */
  readonly correlation?: CorrelationConfig | undefined
  /** How the links to a WebSocket backend survive. */
  readonly survival?: SurvivalConfig | undefined
  /** How messages to and from a WebSocket backend are compressed. */
  readonly compression?: CompressionConfig | undefined
  /** Whether it is made for one message, or a few: nothing is reported, and nothing outlives it. */
  readonly isTransient?: boolean
}

/** Makes the endpoint at an address by its scheme. */
export function endpointAt(
  uri: string,
  { name, shape, config, correlation, compression, survival: surviving, isTransient = false }: AddressOptions,
  build: Build,
  span: Span,
): Endpoint {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(uri)?.[1]?.toLowerCase()
  const definition = { name, address: uri, config, isTransient, notReady: 303001 } as const
  const warn = (what: string, why: string): void =>
    build.warning(span, 'no-effect', `<${what}> of <address> has no effect: ${why}.`)
  if (scheme === 'ws' || scheme === 'wss') {
    warnOfHttpOnly({ shape, config, correlation }, build, span)
    const survival = surviving ? survivalOf(surviving, build.settings) : {}
    if (correlation) {
      if (survival.takeover) warn('takeover', 'links with <correlation> belong to no client')
      if (survival.slow) warn('slow', 'how many requests may wait for a backend is said by <correlation>')
      return governed(
        correlatedTo(uri, name, { correlation, survival, compression }, build),
        definition,
        build,
        span,
      )
    }
    const sender = webSocketTo(uri, name, build, survival, compression)
    return governed(sender, { ...definition, isNeverSuspended: !hasPolicy(config) }, build, span)
  }
  const own = Object.entries({ correlation, compression }).flatMap(([what, given]) => (given ? [what] : []))
  for (const what of [...own, ...survivalNames(surviving ?? {})]) warn(what, 'it is for ws and wss addresses')
  if (scheme === 'http' || scheme === 'https') {
    const { maxBodyBytes } = build.settings.httpClient
    const where = fixedAddress(uri, shape.format)
    const sender = new HttpSender({ ...shape, client: httpClient(build), maxBodyBytes, where })
    return governed(sender, { ...definition, describedAt: `${uri}?wsdl` }, build, span)
  }
  const what = scheme === undefined ? `"${uri}" is no address` : `its transport, ${scheme}, is not there`
  if (!isTransient)
    build.warning(span, 'no-transport', `Sending to endpoint ${name || uri} is a fault: ${what}.`)
  return failingEndpoint(name || uri, `endpoint ${name || uri} cannot be sent to: ${what}`, 101503)
}
