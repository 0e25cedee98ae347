import { HttpClient } from '../endpoints/http-client.ts'
import { basic } from '../endpoints/http-headers.ts'
import { type Grant, OAuthTokens } from '../endpoints/oauth.ts'
import { AuthError, OptionError } from '../services/web-socket-error.ts'
import type { Auth, JwtAuth, OAuth2Auth } from './auth-options.ts'
import { checkNames } from './check-names.ts'
import { jwtIssuer } from './jwt.ts'
import { tlsOptionsOf } from './secure-socket.ts'

/** Gives the Authorization header of an upgrade request: another one than was refused, where one was. */
export interface Authorization {
  /** Whether there may be another one after a refusal. */
  readonly renews: boolean
  /** @throws AuthError when there is none */
  header(refused?: string): Promise<string> | string
}

const WAYS = ['basic', 'bearer', 'jwt', 'oauth2'] as const

const DEFAULT_EXPIRY_SECONDS = 3600
const DEFAULT_TIMEOUT_SECONDS = 30

/** Reads how the server knows who this is. @throws OptionError with what is wrong */
export function authorizationOf(auth: Auth): Authorization {
  const way = WAYS.find(each => each in auth)
  if (way !== undefined) checkNames(auth, 'auth')
  if ('basic' in auth) return basicOf(auth.basic)
  if ('bearer' in auth) return bearerOf(auth.bearer)
  if ('jwt' in auth) return jwtOf(auth.jwt)
  if ('oauth2' in auth) return oauth2Of(auth.oauth2)
  if ('tokenUrl' in auth || 'refreshUrl' in auth) return oauth2Of(auth)
  if ('token' in auth) return bearerOf(auth)
  if ('signatureConfig' in auth) return jwtOf(auth)
  if ('username' in auth && 'password' in auth) return basicOf(auth)
  throw new OptionError(`auth is none of ${WAYS.join(', ')}, nor has it the fields of one`)
}

function basicOf(fields: { readonly username: string; readonly password: string }): Authorization {
  checkNames(fields, 'auth.basic')
  const header = basic(fields.username, fields.password)
  return { renews: false, header: () => header }
}

function bearerOf(bearer: string | { readonly token: string }): Authorization {
  if (typeof bearer !== 'string') checkNames(bearer, 'auth.bearer')
  const header = `Bearer ${typeof bearer === 'string' ? bearer : bearer.token}`
  return { renews: false, header: () => header }
}

function jwtOf(auth: JwtAuth): Authorization {
  const issue = jwtIssuer(auth)
  return { renews: false, header: () => `Bearer ${issue()}` }
}

function oauth2Of(auth: OAuth2Auth): Authorization {
  checkNames(auth, 'auth.oauth2')
  const grant = grantOf(auth)
  const { secureSocket } = auth.clientConfig ?? {}
  const client = new HttpClient({
    maxBodyBytes: 1024 * 1024,
    connectTimeoutMs: grant.timeoutMs,
    socketTimeoutMs: grant.timeoutMs,
    timeoutMs: grant.timeoutMs,
    suspendMs: -1,
    suspendFactor: 1,
    overridesSuspension: false,
    buildsForFailover: false,
    tokenSeconds: 0,
    tls: secureSocket ? tlsOptionsOf(secureSocket) : {},
  })
  const tokens = new OAuthTokens(client, Number.POSITIVE_INFINITY)
  const header = async (refused?: string): Promise<string> => {
    try {
      return await tokens.authorization(grant, refused)
    } catch (cause) {
      throw new AuthError((cause as Error).message, { cause })
    }
  }
  return { renews: true, header }
}

function grantOf(auth: OAuth2Auth): Grant {
  const { scopes, optionalParams = {}, clientConfig = {}, defaultTokenExpTime, clockSkew } = auth
  checkNames(clientConfig, 'auth.oauth2.clientConfig')
  const assertion = 'assertion' in auth ? auth.assertion : undefined
  const scope = typeof scopes === 'string' ? scopes : (scopes ?? []).join(' ')
  return {
    type: typeOf(auth),
    tokenUrl: 'refreshUrl' in auth ? auth.refreshUrl : auth.tokenUrl,
    clientId: auth.clientId ?? '',
    clientSecret: auth.clientSecret ?? '',
    refreshToken: 'refreshToken' in auth ? auth.refreshToken : '',
    username: 'username' in auth ? auth.username : '',
    password: 'password' in auth ? auth.password : '',
    inPayload: auth.credentialBearer === 'POST_BODY_BEARER',
    parameters: [
      ...(assertion === undefined ? [] : [['assertion', assertion] as [string, string]]),
      ...(scope === '' ? [] : [['scope', scope] as [string, string]]),
      ...Object.entries(optionalParams),
    ],
    headers: Object.entries(clientConfig.customHeaders ?? {}),
    timeoutMs: (clientConfig.timeout ?? DEFAULT_TIMEOUT_SECONDS) * 1000,
    defaultSeconds: defaultTokenExpTime ?? DEFAULT_EXPIRY_SECONDS,
    marginSeconds: clockSkew ?? 0,
  }
}

function typeOf(auth: OAuth2Auth): Grant['type'] {
  if ('refreshUrl' in auth) return 'refresh_token'
  if ('assertion' in auth) return 'urn:ietf:params:oauth:grant-type:jwt-bearer'
  if ('username' in auth) return 'password'
  if (!('clientId' in auth && 'clientSecret' in auth))
    throw new OptionError(
      'auth.oauth2 needs clientId and clientSecret, username and password, assertion, or refreshUrl and refreshToken',
    )
  return 'client_credentials'
}
