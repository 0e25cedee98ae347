import type { ClientRequest, IncomingMessage } from 'node:http'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import type { WebSocket } from 'ws'
import { type Agreement, agreedOn, offerOf } from './compression.ts'
import { Connection, type ConnectionEvents } from './connection.ts'
import { connectDirect } from './direct-reads.ts'
import { logFrames } from './frame-log.ts'
import {
  type ConnectionOptions,
  DEFAULT_CONNECTION_OPTIONS,
  DEFAULT_HANDSHAKE_TIMEOUT_MS,
  type DialOptions,
} from './options.ts'
import { Tunnel } from './tunnel.ts'
import { Upgraded } from './upgraded.ts'

/** Why a connection could not be opened. */
export type DialFailure =
  | 'address'
  | 'dns'
  | 'refused'
  | 'network'
  | 'tls'
  | 'timeout'
  | 'status'
  | 'protocol'
  | 'crowded'
  | 'aborted'

/** A step of connecting. */
export type DialStep = 'TCP' | 'TLS' | 'HTTP'

/** What a server answered that refused the upgrade. */
export interface DialRefusal {
  /** Names and values in turn, as they came. */
  readonly headers: readonly string[]
  /** Undefined where it did not come in whole, or is too long. */
  readonly body: Buffer | undefined
}

/** A connection that could not be opened, with the reason in a word and in a sentence. */
export class DialError extends Error {
  readonly failure: DialFailure
  /** The HTTP status of a server that refused the upgrade. */
  readonly status: number | undefined
  /** What else that server said, where the options ask for it. */
  readonly refusal: DialRefusal | undefined
  /** How far it had come when time was up. */
  readonly step: DialStep | undefined

  constructor(
    failure: DialFailure,
    message: string,
    options?: { status?: number; refusal?: DialRefusal | undefined; step?: DialStep; cause?: unknown },
  ) {
    super(message, { cause: options?.cause })
    this.name = 'DialError'
    this.failure = failure
    this.status = options?.status
    this.refusal = options?.refusal
    this.step = options?.step
  }
}

/** What the one who dials is told: `onOpen` or `onFailed`, once; after `onOpen` the events of the connection. */
export interface DialEvents extends ConnectionEvents {
  /**
   * The handshake is done. No message comes before this returns. The headers are those of the server's answer, names
   * and values in turn.
   */
  onOpen(connection: Connection, headers: readonly string[]): void
  /** The handshake failed; nothing else follows. */
  onFailed(error: DialError): void
}

/** A connection being opened. */
export interface Dialing {
  /** Gives up: `onFailed` is called with `aborted`. Does nothing once open or failed. */
  abort(): void
}

/**
 * Opens a WebSocket to a `ws:` or `wss:` URL.
 *
 * A server that was offered subprotocols and selects none is accepted (RFC 6455, 4.1); one that selects something
 * it was not offered is not. Redirects are not followed.
 */
export function dial(url: string, options: DialOptions, events: DialEvents): Dialing {
  const offered = options.subprotocols ?? []
  const limitMs = options.handshakeTimeoutMs ?? DEFAULT_HANDSHAKE_TIMEOUT_MS
  const tunnel = options.proxy && new Tunnel(options.proxy, url)
  let webSocket: Upgraded
  let isSettled = false
  let timer: NodeJS.Timeout | undefined
  let timeIsUp = (): void =>
    fail(new DialError('timeout', `no handshake within ${limitMs} ms`, { step: webSocket.step }))

  const fail = (error: DialError): void => {
    if (isSettled) return
    isSettled = true
    clearTimeout(timer)
    // ws reports the end of an attempt that is cut short as an error of its own.
    webSocket?.on('error', ignore).terminate()
    tunnel?.abort()
    events.onFailed(error)
  }

  try {
    webSocket = new Upgraded(url, wsOptions(options, offered, { isPlain: url.startsWith('ws:'), tunnel }))
  } catch (cause) {
    // Reported later, as any other failure is: the caller has not returned yet.
    process.nextTick(() =>
      fail(
        new DialError('address', `${url} is no WebSocket address: ${(cause as Error).message}`, { cause }),
      ),
    )
    return { abort: () => {} }
  }

  let subprotocol = ''
  let compression: Agreement | undefined
  let headers: readonly string[] = []
  webSocket.once('upgrade', response => {
    headers = response.rawHeaders
    const chosen = takeHeader(response, 'sec-websocket-protocol')
    if (chosen !== undefined && !offered.includes(chosen)) {
      fail(new DialError('protocol', `the server chose the subprotocol "${chosen}", which was not offered`))
      return
    }
    subprotocol = chosen ?? ''
    try {
      compression = agreedOn(takeHeader(response, 'sec-websocket-extensions'), options.compression)
    } catch (error) {
      fail(new DialError('protocol', (error as Error).message))
    }
  })
  webSocket.once('unexpected-response', (_request: ClientRequest, response: IncomingMessage) => {
    const status = response.statusCode ?? 0
    if (status === 101) {
      fail(new DialError('protocol', 'the server upgrades without the headers Upgrade and Connection'))
      return
    }
    const refused = (refusal?: DialRefusal): void =>
      fail(
        new DialError('status', `the server answered the upgrade with status ${status}`, { status, refusal }),
      )
    const { maxRefusalBytes = 0 } = options
    if (maxRefusalBytes === 0) {
      refused()
      return
    }
    const headers = response.rawHeaders
    const done = (body: Buffer | undefined): void => refused({ headers, body })
    timeIsUp = () => done(undefined)
    bodyOf(response, maxRefusalBytes, done)
  })
  const onEarlyError = (cause: Error): void => fail(describe(cause))
  webSocket.once('error', onEarlyError)
  webSocket.once('open', () => {
    isSettled = true
    clearTimeout(timer)
    // What only the handshake needed goes, and with it all this function remembers.
    webSocket.off('error', onEarlyError).removeAllListeners('unexpected-response')
    const start = {
      ...DEFAULT_CONNECTION_OPTIONS,
      ...limitsOf(options),
      compression,
      subprotocol,
      isClient: true,
    }
    if (options.frameLog) logFrames(webSocket.socket, options.frameLog)
    events.onOpen(new Connection(webSocket.socket, start, events), headers)
  })
  if (limitMs > 0) timer = setTimeout(() => timeIsUp(), limitMs)
  return { abort: () => fail(new DialError('aborted', 'the attempt was given up')) }
}

function ignore(): void {}

/** What of the options is for the connection, without what was left open. */
function limitsOf({
  maxMessageBytes,
  maxFrameBytes,
  closeTimeoutMs,
}: DialOptions): Partial<ConnectionOptions> {
  return {
    ...(maxMessageBytes !== undefined && { maxMessageBytes }),
    ...(maxFrameBytes !== undefined && { maxFrameBytes }),
    ...(closeTimeoutMs !== undefined && { closeTimeoutMs }),
  }
}

/** Reads the body of an answer; one that breaks off or is too long is none. */
function bodyOf(response: IncomingMessage, maxBytes: number, done: (body: Buffer | undefined) => void): void {
  const chunks: Buffer[] = []
  let bytes = 0
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > maxBytes) done(undefined)
    else chunks.push(chunk)
  })
  response.on('error', () => done(undefined)).on('close', () => done(undefined))
  response.on('end', () => done(Buffer.concat(chunks)))
}

function wsOptions(
  options: DialOptions,
  offered: readonly string[],
  { isPlain, tunnel }: { isPlain: boolean; tunnel: Tunnel | undefined },
): WebSocket.ClientOptions & TlsOptions {
  const { tls } = options
  return {
    perMessageDeflate: false,
    followRedirects: false,
    autoPong: false,
    // The library only knows subprotocols that are tokens, and `synapse(contentType='…')` is none: the header
    // is ours, and so is the check of the answer.
    headers: {
      ...options.headers,
      ...(offered.length > 0 && { 'Sec-WebSocket-Protocol': offered.join(', ') }),
      ...(options.compression && { 'Sec-WebSocket-Extensions': offerOf(options.compression) }),
    },
    // Frames that are logged are seen as they pass through the stream.
    ...(isPlain && !options.frameLog && { createConnection: connectDirect }),
    ...(tunnel && { createConnection: tunnel.createConnection }),
    ...(tls && {
      ca: tls.ca,
      cert: tls.cert,
      key: tls.key,
      pfx: tls.pfx as Buffer | undefined,
      passphrase: tls.passphrase,
      minVersion: tls.minVersion,
      maxVersion: tls.maxVersion,
      ciphers: tls.ciphers,
      ...(tls.serverName !== undefined && { servername: tls.serverName }),
      rejectUnauthorized: tls.verify !== false,
      ...(tls.verifyHostName === false && { checkServerIdentity: () => undefined }),
    }),
  } as WebSocket.ClientOptions & TlsOptions
}

function takeHeader(
  { headers }: IncomingMessage,
  name: 'sec-websocket-protocol' | 'sec-websocket-extensions',
): string | undefined {
  const value = headers[name]
  delete headers[name]
  return value
}

const NETWORK: Readonly<Record<string, DialFailure>> = {
  ECONNREFUSED: 'refused',
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  ETIMEDOUT: 'timeout',
}

function describe(cause: Error): DialError {
  const code = (cause as NodeJS.ErrnoException).code ?? ''
  const all = cause instanceof AggregateError ? (cause.errors as NodeJS.ErrnoException[]) : []
  const text = cause.message || all[0]?.message || code
  const known = NETWORK[code]
  if (known) return new DialError(known, text, { cause })
  // EPROTO is what the TLS library says when both sides have nothing in common.
  if (/CERT|TLS|SSL|SELF_SIGNED|ALTNAME|VERIFY|^EPROTO$/.test(code))
    return new DialError('tls', `${text} (${code})`, { cause })
  if (code.startsWith('E')) return new DialError('network', text, { cause })
  return new DialError('protocol', text, { cause })
}
