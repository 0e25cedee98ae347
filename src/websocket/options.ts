import { networkInterfaces } from 'node:os'
import type { SecureContextOptions } from 'node:tls'
import type { Gate } from '../core/access/gate.ts'
import type { MessageContext } from '../core/context.ts'
import type { Groups } from '../core/groups.ts'
import type { MessageStore } from '../core/ports.ts'
import type { DirectAnswer, HeaderList, RequestHead } from '../core/route.ts'
import type { ClientLimits } from './client-limits.ts'
import type { FrameLog, FrameLogging } from './frame-log.ts'
import type { HeartbeatOptions } from './heartbeat.ts'
import type { SlowReaders } from './slow-readers.ts'

/** The limits of one WebSocket connection, whichever side opened it. */
export interface ConnectionOptions {
  /** The largest message taken in, in bytes, after joining fragments; a larger one closes with 1009. Default 16 MiB. */
  readonly maxMessageBytes: number
  /** The largest frame taken in, in bytes; a larger one closes with 1009. Default as large as a message. */
  readonly maxFrameBytes?: number | undefined
  /** How long the other side may take to answer our close frame before the connection is cut. Default 5,000 ms. */
  readonly closeTimeoutMs: number
}

/** What a connection starts from when nothing is configured: safe on the open internet. */
export const DEFAULT_CONNECTION_OPTIONS: ConnectionOptions = {
  maxMessageBytes: 16 * 1024 * 1024,
  closeTimeoutMs: 5_000,
}

/** How messages of a connection may be compressed (permessage-deflate, RFC 7692). */
export interface CompressionOptions {
  /** Messages of less are sent as they are, in bytes. Default 1,024. */
  readonly thresholdBytes: number
  /**
   * Whether messages may refer back to those before them: smaller, but both sides keep memory for each connection, up
   * to about 300 KiB here. Default false.
   */
  readonly keepsContext: boolean
  /** How far back data refers, as a power of two: 8 to 15. Default 15, which is 32 KiB. */
  readonly windowBits: number
}

/** What a client offers about compression, where the two ways differ: the rest is about what it sends itself. */
export interface CompressionOffer extends CompressionOptions {
  /** What the server is asked to compress with; default as this side. */
  readonly server?: Pick<CompressionOptions, 'keepsContext' | 'windowBits'>
}

/** What compression starts from where it is switched on. */
export const DEFAULT_COMPRESSION: CompressionOptions = {
  thresholdBytes: 1024,
  keepsContext: false,
  windowBits: 15,
}

/** Certificates and checks for a `wss` connection that we open. */
export interface ClientTlsOptions
  extends Pick<
    SecureContextOptions,
    'ca' | 'cert' | 'key' | 'pfx' | 'passphrase' | 'minVersion' | 'maxVersion' | 'ciphers'
  > {
  /** Whether the server's certificate chain is checked. Default true. */
  readonly verify?: boolean
  /** Whether the certificate must name the host. Default true. */
  readonly verifyHostName?: boolean
  /** Name for SNI where it differs from the URL's host. */
  readonly serverName?: string
}

/** An HTTP proxy that connections are made through (CONNECT, RFC 9110, 9.3.6). */
export interface ProxyOptions {
  readonly host: string
  readonly port: number
  /** Who asks, where the proxy wants to know. */
  readonly userName?: string | undefined
  readonly password?: string | undefined
}

/** How to open a connection. */
export interface DialOptions extends Partial<ConnectionOptions> {
  /** Extra headers of the upgrade request. */
  readonly headers?: Readonly<Record<string, string | string[]>>
  /** Subprotocols to offer, most wanted first. Any text is allowed, `synapse(contentType='…')` included. */
  readonly subprotocols?: readonly string[]
  /** How messages may be compressed; without it that is not offered. */
  readonly compression?: CompressionOffer | undefined
  /** Where its frames are logged; without it they are not. */
  readonly frameLog?: FrameLog | undefined
  /** How long connecting and the handshake may take together. Default 10,000 ms; 0 waits for ever. */
  readonly handshakeTimeoutMs?: number
  /**
   * Up to how many bytes of its body the answer of a server is read that refuses the upgrade. Default 0: the attempt
   * has failed as soon as the status is there.
   */
  readonly maxRefusalBytes?: number
  /** TLS settings for `wss`. */
  readonly tls?: ClientTlsOptions | undefined
  /** The proxy to go through; without it the connection is direct. */
  readonly proxy?: ProxyOptions | undefined
}

/** The default of `DialOptions.handshakeTimeoutMs`, in milliseconds. */
export const DEFAULT_HANDSHAKE_TIMEOUT_MS = 10_000

/** A listening socket. Services with equal addresses share it. */
export interface ListenerAddress {
  /** Port to listen on; 0 takes a free one. */
  readonly port: number
  /** Address to bind; default all. */
  readonly host?: string
  readonly tls?: ListenerTlsOptions
  /** What it asks of requests besides what the settings say. */
  readonly rules?: RequestRules
}

/** What a listener asks of its requests, upgrades among them, and says in its answers; what is left out is not asked. */
export interface RequestRules {
  /** What its answers say in the header Server, where a backend does not say it. */
  readonly server?: string
  /** The longest address of a request; a longer one gets 414. */
  readonly maxUriBytes?: number
  /** The most bytes of header fields; more get 431. */
  readonly maxHeaderBytes?: number
  /** The largest body, looked into or not, in bytes; a larger one gets 413. */
  readonly maxBodyBytes?: number
  /** Whether a connection may have several requests. Default true. */
  readonly keepsAlive?: boolean
  /** How many requests of one connection may be without their answers; one more gets 503. */
  readonly maxPipelined?: number
}

/** Gives the address that stands for all of this machine's: IPv6 with IPv4, or IPv4 alone where there is no IPv6. */
export function anyHost(): string {
  const addresses = Object.values(networkInterfaces()).flatMap(list => list ?? [])
  return addresses.some(({ family }) => family === 'IPv6') ? '::' : '0.0.0.0'
}

/** Certificates and checks of a listener. */
export interface ListenerTlsOptions
  extends Pick<SecureContextOptions, 'ca' | 'cert' | 'crl' | 'key' | 'pfx' | 'passphrase'> {
  /** Whether clients must show a certificate of one of `ca`. Default false. */
  readonly requireClientCertificate?: boolean
  /** Whether clients may show one: what is shown must be of one of `ca`. Default false. */
  readonly asksClientCertificate?: boolean
  readonly minVersion?: SecureContextOptions['minVersion']
  readonly maxVersion?: SecureContextOptions['maxVersion']
  readonly ciphers?: string
  /** How long a client may take for the handshake, in milliseconds. Default 120,000. */
  readonly handshakeTimeout?: number
  /** How long a client may resume its TLS session, in seconds. Default 300. */
  readonly sessionTimeout?: number
  /** What it was read from; without it nothing is read anew. */
  readonly source?: TlsSource
}

/** Files that certificates come from, which may change while they are served. */
export interface TlsSource {
  readonly files: readonly string[]
  /** What was in them, as a hash. */
  readonly digest: string
  /** Reads them anew. @throws Error with what is wrong with which file */
  read(): ListenerTlsOptions
}

/** Who gets a reply: the client it is for (0), all on its path (1), or all on its path but the client (2). */
export type BroadcastLevel = 0 | 1 | 2

/** How many messages of one client may be under way, and what they keep of their order. */
export interface Concurrency {
  readonly max: number
  /** Gives what messages have in common that stay in order; without it none do. It does not throw. */
  readonly key: ((ctx: MessageContext) => string) | undefined
  /** Whether each reply waits for the end of the messages before its own. */
  readonly ordersReplies: boolean
}

/** How messages are taken in of clients that number them, so that none is lost. */
export interface DeliveryOptions {
  /** The subprotocol by which a client asks for it. */
  readonly subprotocol: string
  /** Keeps its clients apart from those of others that have the same store. */
  readonly scope: string
  /** Where each message is before it is acknowledged. */
  readonly store: MessageStore
  /** Names who a client is, by its handshake message, '' for nobody; without it its certificate does. It does not throw. */
  readonly user: ((ctx: MessageContext) => string) | undefined
  /** How many messages of one client may be on their way into the store. */
  readonly maxUnacknowledged: number
  /** How long it is known what a client has sent, in milliseconds, and of how many clients. */
  readonly rememberMs: number
  readonly rememberClients: number
}

/** How clients are answered that ask for an upgrade. */
export interface HandshakeOptions {
  /** Whether the answer waits until the handshake message is through its sequence. */
  readonly isHeld: boolean
  /** How long it may wait, in milliseconds. */
  readonly timeoutMs: number
  /** Whether backends are offered the subprotocols of the client, and their choice is the answer. */
  readonly passesSubprotocols: boolean
  /** Headers of a backend that refuses which its client gets, besides those it always gets; in lower case. */
  readonly relayedHeaders: readonly string[]
}

/** The pages that may connect, by their origins. */
export interface AllowedOrigins {
  /** As they were written; none where nothing was said. */
  readonly listed: readonly string[]
  /** Whether an origin is one of those listed. */
  allow(origin: string): boolean
}

/** How a service treats the WebSockets of its clients. */
export interface WebSocketServiceOptions {
  /** Subprotocols that are chosen when a client offers them. */
  readonly subprotocols: readonly string[]
  /** Content type of messages when no subprotocol tells it; '' for none. */
  readonly defaultContentType: string
  readonly broadcastLevel: BroadcastLevel
  /** Prefix, in lower case, of the properties that become headers of the backend handshake. */
  readonly customHeaderPrefix: string
  /** Whether pings and pongs run through the sequence instead of being answered here. */
  readonly passControlFrames: boolean
  /** Limits of the service's own for what clients send, besides those of the settings. */
  readonly connection?: Partial<ConnectionOptions>
  /** How messages of clients that offer it may be compressed; without it that is declined. */
  readonly compression?: CompressionOptions | undefined
  /** How clients are answered that ask for an upgrade. */
  readonly handshake: HandshakeOptions
  /** Headers of a client that go along to its backends, besides those of the settings. */
  readonly preservedHeaders: readonly string[]
  /** How long what came before the end of one side may take to reach the other one, in milliseconds. */
  readonly closeDeadlineMs: number
  /** Close code and reason for clients when the service ends. */
  readonly shutdown: { readonly code: number; readonly reason: string }
  /** Idle time after which a client, or its backend, is closed, in milliseconds; 0 never. */
  readonly clientIdleMs: number
  readonly backendIdleMs: number
  /** Set where several messages of one client may be under way; else they run one after another. */
  readonly concurrency?: Concurrency | undefined
  /** Set where messages of clients that ask for it are stored before they are acknowledged. */
  readonly delivery?: DeliveryOptions | undefined
  /** How clients are found that are gone though nothing said so; undefined for not at all. */
  readonly heartbeat: HeartbeatOptions | undefined
  /** What clients may take up; undefined for anything. */
  readonly limits: ClientLimits | undefined
  /** Which pages may connect. */
  readonly origins: AllowedOrigins
  /** Where its sessions are known by id, and by the groups they are in. */
  readonly groups: Groups
  /** What happens to messages for a client that reads slower than they come. */
  readonly slow: SlowReaders
  /** Whether long messages in fragments may go on as they come. */
  readonly passesFragments: boolean
  /** From how many bytes on a message in fragments does so before it is complete; default 64 KiB. */
  readonly streamFromBytes?: number | undefined
  /** How much of the frames of clients and their backends is logged. */
  readonly frameLogging: FrameLogging
  /** Further headers of the 101 answer, each as a line. */
  readonly upgradeHeaders?: readonly string[]
  /** Whether a client is refused with 400 that offers no subprotocol which is chosen. */
  readonly requiresSubprotocol?: boolean
  /** Finds what the path, the query and the headers of a handshake give to its messages, or refuses it. */
  readonly parameters?: (head: RequestHead) => HeaderList | DirectAnswer
  /** Who may connect; without it everybody may. */
  readonly access?: Gate | undefined
  /** Upgrades are refused with 503 while true. */
  readonly isSuspended: boolean
}
