import type { Span } from '../language/source.ts'
import type { RetrySettings } from '../websocket/retry.ts'

/** A file of connections, with the messages that are sent over them. */
export interface Collection {
  readonly name: string
  readonly id?: string | undefined
  /** When it was made, as it is written. */
  readonly createdAt?: string | undefined
  readonly variables: readonly Variable[]
  readonly environments: readonly Environment[]
  /** Who asks, for the connections that inherit it. */
  readonly auth?: Auth | undefined
  /** Headers of all its connections. */
  readonly headers?: readonly Param[] | undefined
  readonly items: readonly Item[]
  readonly folders: readonly Folder[]
  readonly extra?: Extra | undefined
}

/** Connections that belong together. */
export interface Folder {
  readonly name: string
  readonly items: readonly Item[]
  readonly folders: readonly Folder[]
  readonly extra?: Extra | undefined
}

/** What a folder holds: a connection, or a request of another kind that is only kept. */
export type Item = ConnectionItem | KeptItem

/** A request that is no WebSocket; it goes back as it came when the collection is exported. */
export interface KeptItem {
  readonly kind: 'kept'
  readonly extra: Extra
}

/** What an imported file says beside what is known here; it goes back as it came. */
export interface Extra {
  readonly fields: Readonly<Record<string, unknown>>
  /** Fields that were not there, though an export usually has them. */
  readonly without: readonly string[]
}

/** A name with a value in it for templates. */
export interface Variable {
  readonly name: string
  readonly value: string
  /** The environment variable of the process that has the value. */
  readonly fromProcess?: string | undefined
  readonly isEnabled: boolean
  /** Whether it is masked wherever it would be shown. */
  readonly isSecret: boolean
  readonly extra?: Extra | undefined
}

/** Values that go before those of the collection. */
export interface Environment {
  readonly name: string
  readonly id?: string | undefined
  readonly createdAt?: string | undefined
  /** Whether it is the one that counts when none is named. */
  readonly isCurrent: boolean
  /** Whether certificates of servers are accepted unchecked. */
  readonly isInsecure: boolean
  readonly variables: readonly Variable[]
  readonly extra?: Extra | undefined
}

/** A header or subprotocol. */
export interface Param {
  readonly name: string
  readonly value: string
  readonly isEnabled: boolean
  readonly extra?: Extra | undefined
}

/** How a server knows who asks. */
export type Auth =
  | { readonly kind: 'inherit' | 'none'; readonly extra?: Extra | undefined }
  | {
      readonly kind: 'basic'
      readonly userName: string
      readonly password: string
      readonly extra?: Extra | undefined
    }
  | { readonly kind: 'bearer'; readonly token: string; readonly extra?: Extra | undefined }
  | ({ readonly kind: 'certificate'; readonly extra?: Extra | undefined } & CertificateFiles)
  | {
      readonly kind: 'windows'
      readonly usesCurrentUser: boolean
      readonly login?: string | undefined
      readonly password?: string | undefined
      readonly domain?: string | undefined
      readonly extra?: Extra | undefined
    }

/** Where a client certificate is. */
export interface CertificateFiles {
  readonly format: 'pkcs12' | 'pem'
  readonly file: string
  /** A PEM file with the private key, where it is not in `file`. */
  readonly keyFile?: string | undefined
  readonly password?: string | undefined
  readonly fileExtra?: Extra | undefined
}

/** What is offered to the server about compression. */
export interface CompressionItem {
  readonly clientMaxWindowBits: number
  readonly serverMaxWindowBits: number
  readonly clientContextTakeover: boolean
  readonly serverContextTakeover: boolean
  /** Messages of less are sent as they are, in bytes. */
  readonly thresholdBytes: number
  readonly extra?: Extra | undefined
}

/** One connection. */
export interface ConnectionItem {
  readonly kind: 'connection'
  readonly name: string
  readonly url: string
  readonly httpVersion: number
  readonly headers?: readonly Param[] | undefined
  readonly auth: Auth
  readonly subprotocols?: readonly Param[] | undefined
  readonly compression?: CompressionItem | undefined
  /** The PEM file of the certificates to trust in place of those that Node does; templates are filled in. */
  readonly trusts?: string | undefined
  /** How it is opened again when it is lost; undefined for not at all. */
  readonly reconnect?: RetrySettings | undefined
  /** What the server is expected to send once the connection is open. */
  readonly expect: readonly Expectation[]
  readonly capture: readonly Capture[]
  readonly messages?: readonly ClientMessage[] | undefined
  readonly span: Span
  /** Where its parts stand, for what is found wrong with them later. */
  readonly spans: Readonly<Record<string, Span>>
  readonly extra?: Extra | undefined
}

/** What can be sent. */
export type MessageKind = 'text' | 'binary' | 'close' | 'ping'

/** A message that is ready to be sent. */
export interface ClientMessage {
  readonly name: string
  readonly kind: MessageKind
  /** The text, or the reason of a close; templates are filled in. */
  readonly content: string
  /** Where the content is, in place of `content`; templates are filled in. */
  readonly file?: string | undefined
  /** How bytes are written in `content`; default its text in UTF-8. */
  readonly encoding?: 'base64' | 'hex' | undefined
  /** The code of a close. */
  readonly code: number
  /** What the content is, for those who show it in colours. */
  readonly syntax?: string | undefined
  readonly mayCompress: boolean
  readonly expect: readonly Expectation[]
  readonly capture: readonly Capture[]
  readonly span: Span
  readonly extra?: Extra | undefined
}

/** What the next message of the server, or its close, has to be. */
export interface Expectation {
  readonly kind?: 'text' | 'binary' | undefined
  readonly equals?: string | undefined
  /** The file that the message equals, byte by byte. */
  readonly equalsFile?: string | undefined
  readonly contains?: readonly string[] | undefined
  readonly matches?: RegExp | undefined
  /** JSON that is a part of the message. */
  readonly json?: { readonly value: unknown } | undefined
  readonly jsonPath?: readonly (readonly [path: string, value: unknown])[] | undefined
  /** The code that the server closes with. */
  readonly close?: number | undefined
  readonly reason?: string | undefined
  /** How long it may take, in milliseconds. */
  readonly withinMs: number
  /** Whether messages before it that are others are passed over. */
  readonly skipsOthers: boolean
  readonly span: Span
}

/** What is taken out of a message of the server for later ones. */
export interface Capture {
  readonly variable: string
  readonly jsonPath?: string | undefined
  /** What it matches, or its first group. */
  readonly matches?: RegExp | undefined
}

/** Gives all connections, those of folders after those beside them; names are the path of folders and the name. */
export function* connectionsOf(
  { items, folders }: Pick<Folder, 'items' | 'folders'>,
  prefix = '',
): Generator<{ readonly path: string; readonly connection: ConnectionItem }> {
  for (const item of items)
    if (item.kind === 'connection') yield { path: prefix + item.name, connection: item }
  for (const folder of folders) yield* connectionsOf(folder, `${prefix}${folder.name}/`)
}
