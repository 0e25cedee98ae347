import { OptionError } from '../services/web-socket-error.ts'
import {
  type CompressionOptions,
  DEFAULT_COMPRESSION,
  DEFAULT_CONNECTION_OPTIONS,
  type DialOptions,
  type ProxyOptions,
} from '../websocket/options.ts'
import { proxyOfEnvironment } from '../websocket/proxy-settings.ts'
import { type Retry, retryOf } from '../websocket/retry.ts'
import { type Authorization, authorizationOf } from './authorization.ts'
import { checkNames } from './check-names.ts'
import type { ClientOptions, Compression, PingPongHandler, RetryConfig } from './client-options.ts'
import { cookieHeader } from './cookies.ts'
import { letterOf } from './letter.ts'
import type { Letter } from './outbox.ts'
import { tlsOptionsOf } from './secure-socket.ts'

/** A server to connect to. */
export interface Target {
  readonly url: string
  readonly proxy: ProxyOptions | undefined
}

/** When and how a connection is opened again. */
export interface RetryPlan extends Retry {
  readonly resendsOpenMessages: boolean
}

/** What the options of a client come to. Times are in milliseconds; undefined waits for ever. */
export interface ClientPlan {
  readonly targets: readonly Target[]
  readonly dial: DialOptions & { readonly maxFrameBytes: number; readonly maxMessageBytes: number }
  readonly authorization: Authorization | undefined
  readonly readTimeoutMs: number | undefined
  readonly writeTimeoutMs: number | undefined
  readonly retry: RetryPlan | undefined
  readonly openMessages: readonly Letter[]
  readonly readAheadBytes: number
  readonly pingPong: PingPongHandler
  readonly validates: boolean
}

const DEFAULT_FRAME_BYTES = 65_536
const DEFAULT_HANDSHAKE_SECONDS = 300
const DEFAULT_READ_AHEAD_BYTES = 256 * 1024
/** As much of the answer of a server that refuses is kept. */
const MAX_REFUSAL_BYTES = 64 * 1024

/** Checks what was asked for. @throws OptionError with the first thing that is wrong */
export function planOf(urls: readonly (string | URL)[], options: ClientOptions): ClientPlan {
  checkNames(options, 'connect')
  if (urls.length === 0) throw new OptionError('connect needs a URL')
  const { pingPongHandler = {}, retryConfig, secureSocket, auth, openMessages = [] } = options
  checkNames(pingPongHandler, 'pingPongHandler')
  return {
    targets: [...urls, ...(options.urls ?? [])].map(url => targetOf(url, options.proxy)),
    dial: {
      headers: headersOf(options),
      subprotocols: options.subProtocols ?? [],
      compression: compressionOf(options),
      handshakeTimeoutMs: handshakeTimeoutMs(options),
      maxFrameBytes: sizeOf(options.maxFrameSize, DEFAULT_FRAME_BYTES),
      maxMessageBytes: sizeOf(options.maxMessageSize, DEFAULT_CONNECTION_OPTIONS.maxMessageBytes),
      maxRefusalBytes: MAX_REFUSAL_BYTES,
      tls: secureSocket && tlsOptionsOf(secureSocket),
    },
    authorization: auth && authorizationOf(auth),
    readTimeoutMs: timeoutMs('readTimeout', options.readTimeout),
    writeTimeoutMs: timeoutMs('writeTimeout', options.writeTimeout),
    retry: retryConfig && retryPlanOf(retryConfig),
    openMessages: openMessages.map(message => letterOf(message)),
    readAheadBytes: sizeOf(options.readAheadSize, DEFAULT_READ_AHEAD_BYTES),
    pingPong: pingPongHandler,
    validates: options.validation ?? true,
  }
}

/** Gives a time in milliseconds; undefined for -1, which is for ever. @throws OptionError for any other less than 0 */
export function timeoutMs(name: string, seconds = -1): number | undefined {
  if (seconds === -1) return undefined
  if (!(seconds >= 0)) throw new OptionError(`${name} is ${seconds}; it must be seconds, or -1 for ever`)
  return seconds * 1000
}

function targetOf(written: string | URL, proxy: ClientOptions['proxy']): Target {
  const url = URL.parse(String(written))
  if (url === null || !/^wss?:$/.test(url.protocol))
    throw new OptionError(`${written} is no address of a WebSocket, such as ws://localhost:9091/orders`)
  if (proxy === false) return { url: url.href, proxy: undefined }
  if (proxy === undefined) {
    try {
      return { url: url.href, proxy: proxyOfEnvironment(url) }
    } catch (cause) {
      throw new OptionError((cause as Error).message, { cause })
    }
  }
  checkNames(proxy, 'proxy')
  return { url: url.href, proxy }
}

function headersOf({ customHeaders = {}, cookies = [] }: ClientOptions): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(customHeaders)) {
    if (/^sec-websocket-/i.test(name))
      throw new OptionError(
        `customHeaders cannot have ${name}: the handshake has it; use subProtocols or compression`,
      )
    headers[name] = typeof value === 'string' ? value : [...value]
  }
  if (cookies.length > 0) {
    const name = Object.keys(headers).find(each => each.toLowerCase() === 'cookie') ?? 'Cookie'
    headers[name] = [headers[name] ?? [], cookieHeader(cookies)].flat().join('; ')
  }
  return headers
}

function compressionOf({
  compression,
  webSocketCompressionEnabled,
}: ClientOptions): CompressionOptions | undefined {
  const wanted = compression ?? webSocketCompressionEnabled ?? true
  if (webSocketCompressionEnabled !== undefined && webSocketCompressionEnabled !== (wanted !== false))
    throw new OptionError('compression and webSocketCompressionEnabled say different things')
  if (wanted === false) return undefined
  return wanted === true ? DEFAULT_COMPRESSION : compressionWith(wanted)
}

function compressionWith(wanted: Compression): CompressionOptions {
  checkNames(wanted, 'compression')
  const options = { ...DEFAULT_COMPRESSION, ...wanted }
  const { windowBits } = options
  if (!Number.isInteger(windowBits) || windowBits < 8 || windowBits > 15)
    throw new OptionError(`compression.windowBits is ${windowBits}; it must be from 8 to 15`)
  return options
}

function handshakeTimeoutMs({ handShakeTimeout, handshakeTimeout }: ClientOptions): number {
  if (
    handShakeTimeout !== undefined &&
    handshakeTimeout !== undefined &&
    handShakeTimeout !== handshakeTimeout
  )
    throw new OptionError('handShakeTimeout and handshakeTimeout say different things')
  const seconds = handShakeTimeout ?? handshakeTimeout ?? DEFAULT_HANDSHAKE_SECONDS
  return (seconds < 0 ? DEFAULT_HANDSHAKE_SECONDS : seconds) * 1000
}

/** Compatibility: a size that is none stands for the default. */
function sizeOf(bytes: number | undefined, byDefault: number): number {
  return bytes === undefined || bytes <= 0 ? byDefault : bytes
}

function retryPlanOf(config: RetryConfig): RetryPlan {
  checkNames(config, 'retryConfig')
  try {
    return { ...retryOf(config, 'retryConfig'), resendsOpenMessages: config.resendOpenMessages ?? true }
  } catch (cause) {
    throw new OptionError((cause as Error).message, { cause })
  }
}
