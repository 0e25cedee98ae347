import type { RetrySettings } from '../websocket/retry.ts'
import type { Auth } from './auth-options.ts'
import type { Client } from './client.ts'
import type { Cookie } from './cookies.ts'
import type { SecureSocket } from './secure-socket.ts'

export type { RetryReason } from '../websocket/retry.ts'

/** How messages are compressed. */
export interface Compression {
  /** Messages of less are sent as they are, in bytes. Default 1024. */
  readonly thresholdBytes?: number
  /** Whether messages may refer back to those before them: smaller, but it costs memory for each connection. Default false. */
  readonly keepsContext?: boolean
  /** How far back data refers, as a power of two: 8 to 15. Default 15, which is 32 KiB. */
  readonly windowBits?: number
}

/** How a connection is opened again. Each wait is random between nothing and a limit that grows. */
export interface RetryConfig extends RetrySettings {
  /** Whether `openMessages` are sent again over a new connection. Default true. */
  readonly resendOpenMessages?: boolean
}

/** Who is told of pings and pongs. */
export interface PingPongHandler {
  /** A ping; the bytes given are the payload of the pong, and without any there is none. Without this each is answered. */
  onPing?(data: Buffer, client: Client): PongPayload | Promise<PongPayload>
  /** A pong. */
  onPong?(data: Buffer, client: Client): void | Promise<void>
}

type PongPayload = Uint8Array | undefined | void

/** An HTTP proxy to go through. */
export interface Proxy {
  readonly host: string
  readonly port: number
  readonly userName?: string
  readonly password?: string
}

/** How `connect` opens a connection, and treats it. Times are in seconds, sizes in bytes. */
export interface ClientOptions {
  /** Further servers, for when the first cannot be had or is lost. */
  readonly urls?: readonly (string | URL)[]
  /** Subprotocols to offer, most wanted first. */
  readonly subProtocols?: readonly string[]
  /** Headers of the upgrade request. */
  readonly customHeaders?: Readonly<Record<string, string | readonly string[]>>
  /** How long a read waits for a message, in seconds; -1 for ever, which is the default. */
  readonly readTimeout?: number
  /** How long a message waits for a server that is behind, in seconds; -1 for ever, which is the default. */
  readonly writeTimeout?: number
  /** How long connecting and the handshake may take together, in seconds. Default 300, also for less than 0. */
  readonly handShakeTimeout?: number
  /** The same as `handShakeTimeout`. */
  readonly handshakeTimeout?: number
  /** The largest frame taken in; a larger one closes with 1009. Default 65536, also for 0 and less. */
  readonly maxFrameSize?: number
  /** The largest message taken in, all its frames together; a larger one closes with 1009. Default 16 MiB. */
  readonly maxMessageSize?: number
  /** As much is read ahead while nobody reads; then the server has to wait. Default 256 KiB. */
  readonly readAheadSize?: number
  /** Whether compression is offered. Default true. */
  readonly webSocketCompressionEnabled?: boolean
  /** Whether, and how, messages are compressed. Default true. */
  readonly compression?: boolean | Compression
  /** How a connection that is lost, or cannot be had, is opened again; without it that is the end. */
  readonly retryConfig?: RetryConfig
  /** Messages sent as soon as a connection is open, before all others: a login, subscriptions. */
  readonly openMessages?: readonly unknown[]
  /** Cookies of the upgrade request; text is read as the value of a `Set-Cookie` header. */
  readonly cookies?: readonly (Cookie | string)[]
  /** How the server knows who this is. */
  readonly auth?: Auth
  /** Certificates and checks of `wss`. */
  readonly secureSocket?: SecureSocket
  /** Who is told of pings and pongs. */
  readonly pingPongHandler?: PingPongHandler
  /** The proxy to go through; false for none. Default what HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY say. */
  readonly proxy?: Proxy | false
  /** Whether schemas are asked; without it a message is parsed, and believed. Default true. */
  readonly validation?: boolean
}
