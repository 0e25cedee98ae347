/** What clients can say to a WebSocket service, and hear of it: for descriptions, whatever it was written in. */
export interface ChannelModel {
  /** What it is: `service`, `mock`, `inbound endpoint` … */
  readonly kind: string
  readonly name: string
  /** Its path, with parameters as `{name}`. */
  readonly address: string
  readonly description?: string | undefined
  readonly parameters?: readonly ChannelParameter[]
  /** What the query of a handshake may have. */
  readonly query?: readonly ChannelParameter[]
  /** What its headers may have. */
  readonly headers?: readonly ChannelParameter[]
  readonly subprotocols?: readonly string[]
  /** Whether a client has to offer one of them. */
  readonly requiresSubprotocol?: boolean
  /** How clients show who they are: any one of these will do. */
  readonly security?: readonly ChannelSecurity[]
  readonly operations: readonly ChannelOperation[]
}

/** A parameter of a handshake. */
export interface ChannelParameter {
  readonly name: string
  /** `string`, `int`, `float`, `boolean`, `uuid` or `date`. */
  readonly type: string
  readonly required?: boolean
  readonly default?: string | undefined
  readonly description?: string | undefined
}

/** A way for clients to show who they are. */
export interface ChannelSecurity {
  readonly scheme: 'basic' | 'bearer' | 'certificate' | 'header' | 'query' | 'cookie' | 'oauth2'
  /** Name of the header, the cookie, or the parameter of the query. */
  readonly name?: string | undefined
  /** What a bearer token is, such as `JWT`. */
  readonly format?: string | undefined
  /** Where tokens are had, for `oauth2`. */
  readonly tokenUrl?: string | undefined
  readonly scopes?: readonly string[] | undefined
  readonly description?: string | undefined
}

/** One thing a service does: it takes messages, and may answer them; or it sends some that nobody asked for. */
export interface ChannelOperation {
  /** Such as `onMessage`, or the key of a route. */
  readonly name: string
  readonly does: 'receive' | 'send'
  readonly summary?: string | undefined
  readonly messages: readonly ChannelMessage[]
  /** What it answers. */
  readonly answers?: readonly ChannelMessage[]
}

/** A kind of message. */
export interface ChannelMessage {
  readonly name: string
  readonly summary?: string | undefined
  readonly contentType?: string | undefined
  /** What it must be, as JSON Schema. */
  readonly schema?: Readonly<Record<string, unknown>> | undefined
  /** Where it has the id that its answer has too: names, from the outside in. */
  readonly correlation?: readonly string[] | undefined
  /** Messages of this kind: text, or JSON values. */
  readonly examples?: readonly unknown[]
}

/** Where clients connect to. */
export interface ChannelServer {
  readonly host: string
  /** 0 where a free port is taken. */
  readonly port: number
  readonly isSecure: boolean
  /** Whether clients show a certificate. */
  readonly clientCertificates?: 'required' | 'optional' | undefined
}

/** A channel, and the servers it is at. */
export interface PlacedChannel {
  readonly channel: ChannelModel
  readonly servers: readonly ChannelServer[]
}
