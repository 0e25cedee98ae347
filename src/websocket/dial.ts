import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import type { WebSocket } from 'ws'
import { Connection, type ConnectionEvents, OrderedWebSocket } from './connection.ts'
import { DEFAULT_CONNECTION_OPTIONS, DEFAULT_HANDSHAKE_TIMEOUT_MS, type DialOptions } from './options.ts'

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
  | 'aborted'

/** A connection that could not be opened, with the reason in a word and in a sentence. */
export class DialError extends Error {
  readonly failure: DialFailure
  /** The HTTP status of a server that refused the upgrade. */
  readonly status: number | undefined

  constructor(failure: DialFailure, message: string, options?: { status?: number; cause?: unknown }) {
    super(message, { cause: options?.cause })
    this.name = 'DialError'
    this.failure = failure
    this.status = options?.status
  }
}

/** What the one who dials is told: `onOpen` or `onFailed`, once; after `onOpen` the events of the connection. */
export interface DialEvents extends ConnectionEvents {
  /** The handshake is done. No message comes before this returns. */
  onOpen(connection: Connection): void
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
  let webSocket: WebSocket
  let isSettled = false
  let timer: NodeJS.Timeout | undefined

  const fail = (error: DialError): void => {
    if (isSettled) return
    isSettled = true
    clearTimeout(timer)
    // ws reports the end of an attempt that is cut short as an error of its own.
    webSocket?.on('error', ignore).terminate()
    events.onFailed(error)
  }

  try {
    webSocket = new OrderedWebSocket(url, wsOptions(options, offered))
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
  let socket: Duplex
  webSocket.once('upgrade', response => {
    const chosen = takeSubprotocol(response)
    if (chosen !== undefined && !offered.includes(chosen)) {
      fail(new DialError('protocol', `the server chose the subprotocol "${chosen}", which was not offered`))
      return
    }
    subprotocol = chosen ?? ''
    socket = response.socket
  })
  webSocket.once('unexpected-response', (_request: ClientRequest, response: IncomingMessage) => {
    const status = response.statusCode ?? 0
    fail(new DialError('status', `the server answered the upgrade with status ${status}`, { status }))
  })
  const onEarlyError = (cause: Error): void => fail(describe(cause))
  webSocket.once('error', onEarlyError)
  webSocket.once('open', () => {
    isSettled = true
    clearTimeout(timer)
    // What only the handshake needed goes, and with it all this function remembers.
    webSocket.off('error', onEarlyError).removeAllListeners('unexpected-response')
    const maxMessageBytes = options.maxMessageBytes ?? DEFAULT_CONNECTION_OPTIONS.maxMessageBytes
    events.onOpen(new Connection(webSocket, socket, { subprotocol, isClient: true, maxMessageBytes }, events))
  })
  if (limitMs > 0) {
    timer = setTimeout(() => fail(new DialError('timeout', `no handshake within ${limitMs} ms`)), limitMs)
  }
  return { abort: () => fail(new DialError('aborted', 'the attempt was given up')) }
}

function ignore(): void {}

function wsOptions(options: DialOptions, offered: readonly string[]): WebSocket.ClientOptions & TlsOptions {
  const { tls } = options
  return {
    perMessageDeflate: false,
    followRedirects: false,
    autoPong: false,
    maxPayload: options.maxMessageBytes ?? DEFAULT_CONNECTION_OPTIONS.maxMessageBytes,
    closeTimeout: options.closeTimeoutMs ?? DEFAULT_CONNECTION_OPTIONS.closeTimeoutMs,
    // The library only knows subprotocols that are tokens, and `synapse(contentType='…')` is none: the header
    // is ours, and so is the check of the answer (takeSubprotocol).
    headers: {
      ...options.headers,
      ...(offered.length > 0 && { 'Sec-WebSocket-Protocol': offered.join(', ') }),
    },
    ...(tls && {
      ca: tls.ca,
      cert: tls.cert,
      key: tls.key,
      pfx: tls.pfx as Buffer | undefined,
      passphrase: tls.passphrase,
      ...(tls.serverName !== undefined && { servername: tls.serverName }),
      rejectUnauthorized: tls.verify !== false,
      ...(tls.verifyHostName === false && { checkServerIdentity: () => undefined }),
    }),
  } as WebSocket.ClientOptions & TlsOptions
}

function takeSubprotocol(response: IncomingMessage): string | undefined {
  const chosen = response.headers['sec-websocket-protocol']
  delete response.headers['sec-websocket-protocol']
  return chosen
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
  if (/CERT|TLS|SSL|SELF_SIGNED|ALTNAME|VERIFY/.test(code))
    return new DialError('tls', `${text} (${code})`, { cause })
  if (code.startsWith('E')) return new DialError('network', text, { cause })
  return new DialError('protocol', text, { cause })
}
