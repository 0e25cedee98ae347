import type { SecureSocket } from './secure-socket.ts'

/** A name and a password with each upgrade request. */
export interface BasicAuth {
  readonly username: string
  readonly password: string
}

/** A token that is there already. */
export interface BearerAuth {
  readonly token: string
}

/** The algorithms a token can be signed with. */
export type SignatureAlgorithm =
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'HS256'
  | 'HS384'
  | 'HS512'
  | 'NONE'

/** What a token is signed with. */
export interface SignatureConfig {
  /** Default RS256. */
  readonly algorithm?: SignatureAlgorithm
  /** The secret of HS256 and the like, or a private key: a PEM file, PEM text, or a key store. */
  readonly config?:
    | string
    | { readonly keyFile: string; readonly keyPassword?: string }
    | {
        readonly keyStore: { readonly path: string; readonly password?: string }
        readonly keyAlias?: string
        readonly keyPassword?: string
      }
}

/** A token that is made here, anew for each connection. */
export interface JwtAuth {
  readonly issuer?: string
  readonly username?: string
  readonly audience?: string | readonly string[]
  readonly jwtId?: string
  readonly keyId?: string
  readonly customClaims?: Readonly<Record<string, unknown>>
  /** How long it is good for, in seconds. Default 300. */
  readonly expTime?: number
  readonly signatureConfig?: SignatureConfig
}

interface TokenRequest {
  readonly clientId?: string
  readonly clientSecret?: string
  readonly scopes?: string | readonly string[]
  /** How long a token is kept that does not say, in seconds. Default 3600. */
  readonly defaultTokenExpTime?: number
  /** How long before its end a token is not used any more, in seconds. Default 0. */
  readonly clockSkew?: number
  /** Further fields of the token request. */
  readonly optionalParams?: Readonly<Record<string, string>>
  /** Whether name and secret of the client go in a header (default) or in the body. */
  readonly credentialBearer?: 'AUTH_HEADER_BEARER' | 'POST_BODY_BEARER'
  /** How the token is asked for. */
  readonly clientConfig?: {
    readonly customHeaders?: Readonly<Record<string, string>>
    readonly secureSocket?: SecureSocket
    /** How long the answer may take, in seconds. Default 30. */
    readonly timeout?: number
  }
}

/** A token for this client itself. */
export interface ClientCredentialsGrant extends TokenRequest {
  readonly tokenUrl: string
  readonly clientId: string
  readonly clientSecret: string
}

/** A token for a user whose password is known. */
export interface PasswordGrant extends TokenRequest {
  readonly tokenUrl: string
  readonly username: string
  readonly password: string
}

/** A token by a refresh token. */
export interface RefreshTokenGrant extends TokenRequest {
  readonly refreshUrl: string
  readonly refreshToken: string
}

/** A token by a JWT of somebody the server trusts (RFC 7523). */
export interface JwtBearerGrant extends TokenRequest {
  readonly tokenUrl: string
  readonly assertion: string
}

/** How a token is got from an authorization server. */
export type OAuth2Auth = ClientCredentialsGrant | PasswordGrant | RefreshTokenGrant | JwtBearerGrant

/** How the server knows who this is: under the name of the way, or the fields alone. */
export type Auth =
  | { readonly basic: BasicAuth }
  | { readonly bearer: BearerAuth | string }
  | { readonly jwt: JwtAuth }
  | { readonly oauth2: OAuth2Auth }
  | BasicAuth
  | BearerAuth
  | (JwtAuth & { readonly signatureConfig: SignatureConfig })
  | OAuth2Auth
