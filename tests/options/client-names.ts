import type {
  BasicAuth,
  BearerAuth,
  ClientOptions,
  Compression,
  Cookie,
  JwtAuth,
  OAuth2Auth,
  PingPongHandler,
  Proxy as ProxySettings,
  RetryConfig,
  SecureSocket,
  ServiceServer,
  SignatureConfig,
  WriteOptions,
} from '../../src/sdk/index.ts'

/** The names of any member of a union. */
type NameOf<T> = T extends unknown ? keyof T : never
/** Lists every name of a type and no other: what is left out, or is too much, does not compile. */
type Names<T> = Readonly<Record<NameOf<T>, true>>

const connect: Names<ClientOptions> = {
  urls: true,
  subProtocols: true,
  customHeaders: true,
  readTimeout: true,
  writeTimeout: true,
  handShakeTimeout: true,
  handshakeTimeout: true,
  maxFrameSize: true,
  maxMessageSize: true,
  readAheadSize: true,
  webSocketCompressionEnabled: true,
  compression: true,
  retryConfig: true,
  openMessages: true,
  cookies: true,
  auth: true,
  secureSocket: true,
  pingPongHandler: true,
  proxy: true,
  validation: true,
}
const compression: Names<Compression> = { thresholdBytes: true, keepsContext: true, windowBits: true }
const retryConfig: Names<RetryConfig> = {
  maxCount: true,
  interval: true,
  backOffFactor: true,
  maxWaitInterval: true,
  retryOn: true,
  resendOpenMessages: true,
}
const pingPongHandler: Names<PingPongHandler> = { onPing: true, onPong: true }
const proxy: Names<ProxySettings> = { host: true, port: true, userName: true, password: true }
const secureSocket: Names<SecureSocket> = {
  enable: true,
  cert: true,
  key: true,
  protocol: true,
  ciphers: true,
  verifyHostName: true,
  serverName: true,
  shareSession: true,
  handshakeTimeout: true,
  sessionTimeout: true,
}
const key: Names<NonNullable<SecureSocket['key']>> = {
  certFile: true,
  keyFile: true,
  keyPassword: true,
  path: true,
  password: true,
}
const protocol: Names<NonNullable<SecureSocket['protocol']>> = { name: true, versions: true }
const cookies: Names<Cookie> = { name: true, value: true, path: true }
const writeMessage: Names<WriteOptions> = { idempotent: true }
const basic: Names<BasicAuth> = { username: true, password: true }
const bearer: Names<BearerAuth> = { token: true }
const jwt: Names<JwtAuth> = {
  issuer: true,
  username: true,
  audience: true,
  jwtId: true,
  keyId: true,
  customClaims: true,
  expTime: true,
  signatureConfig: true,
}
const signatureConfig: Names<SignatureConfig> = { algorithm: true, config: true }
const oauth2: Names<OAuth2Auth> = {
  tokenUrl: true,
  refreshUrl: true,
  refreshToken: true,
  assertion: true,
  username: true,
  password: true,
  clientId: true,
  clientSecret: true,
  scopes: true,
  defaultTokenExpTime: true,
  clockSkew: true,
  optionalParams: true,
  credentialBearer: true,
  clientConfig: true,
}
const clientConfig: Names<NonNullable<OAuth2Auth['clientConfig']>> = {
  customHeaders: true,
  secureSocket: true,
  timeout: true,
}
const server: Names<ServiceServer> = {
  url: true,
  port: true,
  isRunning: true,
  start: true,
  stop: true,
  kill: true,
  attach: true,
  detach: true,
  [Symbol.asyncDispose]: true,
}

/** The names that the types of the SDK have, by the place where their options are written. */
export const CLIENT_NAMES: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries({
    connect,
    compression,
    retryConfig,
    pingPongHandler,
    proxy,
    secureSocket,
    'secureSocket.key': key,
    'secureSocket.protocol': protocol,
    server,
    cookies,
    writeMessage,
    auth: { basic: true, bearer: true, jwt: true, oauth2: true },
    'auth.basic': basic,
    'auth.bearer': bearer,
    'auth.jwt': jwt,
    'auth.jwt.signatureConfig': signatureConfig,
    'auth.oauth2': oauth2,
    'auth.oauth2.clientConfig': clientConfig,
  }).map(([where, names]) => [where, new Set(Object.keys(names))]),
)
