import { Expected, type ValueType } from '../language/types.ts'
import type { AllowedOrigins } from '../websocket/options.ts'

const ORIGIN = /^([a-z][a-z0-9+.-]*):\/\/(\[[0-9a-f:.]+\]|[^\s/?#@:,*]+)(?::(\d{1,5}))?$/i
const PATTERN = /^(?:([a-z][a-z0-9+.-]*):\/\/)?\*\.([^\s/?#@:,*]+)(?::(\d{1,5}))?$/i

const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' }

interface OriginParts {
  readonly scheme: string
  readonly host: string
  readonly port: string
}

/** Takes an origin apart, as a browser writes it (RFC 6454, 6.2); undefined for what is none. */
function partsOf(origin: string): OriginParts | undefined {
  const [, scheme, host, port] = ORIGIN.exec(origin) ?? []
  if (scheme === undefined || host === undefined) return undefined
  const lower = scheme.toLowerCase()
  return { scheme: lower, host: host.toLowerCase(), port: port ?? DEFAULT_PORTS[lower] ?? '' }
}

type Matches = (origin: OriginParts | undefined, text: string) => boolean

/** Which pages may connect: those of the origins listed. */
export class Origins implements AllowedOrigins {
  /** As they were written. */
  readonly listed: readonly string[]
  readonly #matches: readonly Matches[]

  /** @throws Expected naming the first that is no origin */
  constructor(listed: readonly string[]) {
    this.listed = listed
    this.#matches = listed.map(matcher)
  }

  /** Whether an origin is one of those listed. */
  allow(origin: string): boolean {
    const parts = partsOf(origin)
    return this.#matches.some(matches => matches(parts, origin))
  }
}

/** @throws Expected when it is no origin and no pattern of some */
function matcher(listed: string): Matches {
  if (listed === '*') return () => true
  if (listed === 'null') return (_parts, text) => text === 'null'
  const exact = partsOf(listed)
  if (exact)
    return parts => parts?.host === exact.host && parts.scheme === exact.scheme && parts.port === exact.port
  const [, scheme, domain, port] = PATTERN.exec(listed) ?? []
  if (domain === undefined)
    throw new Expected(
      `origins such as https://app.example.com, https://*.app.example.com or *; ${listed} is none`,
    )
  const end = `.${domain.toLowerCase()}`
  const wantedScheme = scheme?.toLowerCase()
  const wantedPort = port ?? (wantedScheme && DEFAULT_PORTS[wantedScheme])
  return parts =>
    parts?.host.endsWith(end) === true &&
    parts.host.length > end.length &&
    (wantedScheme === undefined || parts.scheme === wantedScheme) &&
    (wantedPort === undefined || parts.port === wantedPort)
}

/** Origins, separated by commas. */
export const originList: ValueType<Origins> = {
  name: 'comma-separated list of origins',
  parse: value =>
    new Origins(
      value
        .split(',')
        .map(item => item.trim())
        .filter(item => item !== ''),
    ),
}

/** What is asked about a request for an upgrade. */
export interface OriginRequest {
  readonly origin: string | undefined
  readonly cookie: string | undefined
  /** Host as the client named it, its port included. */
  readonly host: string
}

/**
 * Says why the page that asks for an upgrade may not have it, if so. Without a list a page of another host is refused
 * where the browser sends a cookie along: anybody's page can make it do that (cross-site WebSocket hijacking). What
 * comes without an Origin header is no page.
 */
export function originRefusal(
  origins: AllowedOrigins,
  { origin, cookie, host }: OriginRequest,
): string | undefined {
  if (origin === undefined) return undefined
  if (origins.listed.length > 0) {
    return origins.allow(origin) ? undefined : 'its origin is not one of those in ws.origins'
  }
  if (cookie === undefined || partsOf(origin)?.host === hostName(host)) return undefined
  return 'it has a cookie and comes from a page of another host; list its origin in ws.origins'
}

function hostName(host: string): string {
  return host.toLowerCase().replace(/:\d*$/, '')
}
