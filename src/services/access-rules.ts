import { createPublicKey, createSecretKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Gate, type GateEntry } from '../core/access/gate.ts'
import type { Authority } from '../core/access/identity.ts'
import { Introspection } from '../core/access/introspection.ts'
import { JwtAuthority } from '../core/access/jwt-authority.ts'
import { algorithmsOf } from '../core/access/jwt-signature.ts'
import { KeptAnswers } from '../core/access/kept-answers.ts'
import { KeySet, type KeySource } from '../core/access/key-set.ts'
import { tokenKey } from '../core/access/token-place.ts'
import { UserStore } from '../core/access/user-store.ts'
import type { Build } from '../language/declare.ts'
import type { Span } from '../language/source.ts'
import type { AccessConfig } from './access-fields.ts'
import { fileBeside } from './access-files.ts'
import type { Located } from './access-types.ts'
import { storedUsers } from './access-users.ts'

const KINDS = ['fileUserStoreConfig', 'jwtValidatorConfig', 'oauth2IntrospectionConfig'] as const

/** The shortest secret that is not warned of, in bytes: that of the hash it goes into (RFC 7518, 3.2). */
const LEAST_SECRET_BYTES = 32
/** How long keys are used before they are asked for again, in milliseconds. */
const KEYS_MS = 300_000

/** What is warned of at most once in so many milliseconds. */
const TOLD_MS = 10_000

/** Makes what decides who may use a service; undefined where all may, or where it is wrong, which is reported. */
export function gateOf(config: readonly AccessConfig[], service: string, build: Build): Gate | undefined {
  const entries = config.flatMap((each): GateEntry[] => {
    const authority = authorityOf(each, service, build)
    if (!authority) return []
    const { scopes, tokenFrom, renewalKey, closeCode, firstMessageTimeout } = each
    if (authority.scheme === 'Basic' && renewalKey !== undefined)
      build.warning(each.span, 'no-effect', 'renewalKey has no effect for users with passwords.')
    checkCode(closeCode, each.span, build)
    return [
      {
        authority,
        scopes,
        places: authority.scheme === 'Basic' ? [] : tokenFrom,
        renewal: authority.scheme === 'Basic' || renewalKey === undefined ? undefined : tokenKey(renewalKey),
        closeCode,
        firstMessageMs: Math.round(firstMessageTimeout * 1000),
      },
    ]
  })
  // Where one of them is wrong, the service is not deployed: it would be open to other people than was meant.
  return entries.length > 0 && entries.length === config.length ? new Gate(service, entries) : undefined
}

/** Describes who may use a service, without any secret. */
export function describeAccess(config: readonly AccessConfig[]): string {
  return config
    .map(each => {
      const kind = KINDS.find(name => each[name] !== undefined) ?? ''
      const places = each.tokenFrom.map(({ at, name }) => (at === 'header' ? at : `${at}:${name}`)).join(',')
      const more = kind === 'fileUserStoreConfig' ? '' : ` from ${places}`
      const scopes = each.scopes.length > 0 ? ` scopes ${each.scopes.join(',')}` : ''
      return `${kind}${more}${scopes}`
    })
    .join('; ')
}

function checkCode(code: number, span: Span, build: Build): void {
  if (code === 1008 || (code >= 3000 && code <= 4999)) return
  build.error(span, 'bad-value', `closeCode is ${code}; expected 1008, or 3000 to 4999.`)
}

function authorityOf(config: AccessConfig, service: string, build: Build): Authority | undefined {
  const given = KINDS.filter(name => config[name] !== undefined)
  if (given.length !== 1) {
    const message =
      given.length === 0
        ? `An entry of auth needs one of ${KINDS.join(', ')}.`
        : `An entry of auth has ${given.join(' and ')}; each stands in an entry of its own.`
    build.error(config.span, 'bad-combination', message)
    return undefined
  }
  const { fileUserStoreConfig, jwtValidatorConfig, oauth2IntrospectionConfig } = config
  if (fileUserStoreConfig) return userStore(fileUserStoreConfig, config.span, build)
  if (jwtValidatorConfig) return jwtAuthority(jwtValidatorConfig, config.span, { service, build })
  return introspection(oauth2IntrospectionConfig!, { service, build })
}

type Kind<K extends (typeof KINDS)[number]> = NonNullable<AccessConfig[K]>

interface Around {
  readonly service: string
  readonly build: Build
}

function userStore({ file, user }: Kind<'fileUserStoreConfig'>, span: Span, build: Build): Authority {
  if (!file && user.length === 0) build.error(span, 'missing', 'fileUserStoreConfig needs a file, or users.')
  return new UserStore(storedUsers(user, file, build))
}

function jwtAuthority(
  config: Kind<'jwtValidatorConfig'>,
  span: Span,
  { service, build }: Around,
): Authority | undefined {
  const { signatureConfig, cacheConfig, issuer, username, audience, jwtId, keyId, customClaims = {} } = config
  const { certFile, secret, jwksConfig } = signatureConfig ?? {}
  const given = [certFile, secret, jwksConfig].filter(each => each !== undefined)
  if (given.length !== 1) {
    const message = `jwtValidatorConfig needs signatureConfig with one of jwksConfig, certFile and secret: ${given.length === 0 ? 'without it anybody could make tokens' : 'there are several'}.`
    build.error(span, given.length === 0 ? 'missing' : 'bad-combination', message)
    return undefined
  }
  const keys = certFile
    ? fixed(publicKey(certFile, build))
    : secret
      ? fixed(secretKey(secret, build))
      : keySet(jwksConfig!, { service, build })
  if (!keys) return undefined
  const rules = {
    issuer,
    username,
    audience,
    jwtId,
    keyId,
    customClaims,
    skewMs: config.clockSkew * 1000,
    scopeKey: config.scopeKey,
    signs: secret ? 'secret' : 'key',
  } as const
  return new JwtAuthority(rules, keys, cacheConfig && keptBy(cacheConfig))
}

function introspection(
  config: Kind<'oauth2IntrospectionConfig'>,
  { service, build }: Around,
): Authority | undefined {
  const { url, tokenTypeHint, scopeKey, cacheConfig, defaultTokenExpTime, optionalParams = {} } = config
  const asking = askingOf(url, config.clientConfig, build)
  if (!asking) return undefined
  const options = {
    url,
    tokenTypeHint,
    scopeKey,
    defaultLifeMs: defaultTokenExpTime * 1000,
    parameters: texts(optionalParams),
    onDown: quietly(service, build),
    ...asking,
  }
  return new Introspection(options, cacheConfig && keptBy(cacheConfig))
}

interface CacheValues {
  readonly capacity: number
  readonly defaultMaxAge: number | undefined
}

function keptBy<T>({ capacity, defaultMaxAge }: CacheValues): KeptAnswers<T> {
  return new KeptAnswers({
    capacity,
    maxAgeMs: defaultMaxAge === undefined ? Number.MAX_SAFE_INTEGER : defaultMaxAge * 1000,
  })
}

type JwksConfig = NonNullable<NonNullable<Kind<'jwtValidatorConfig'>['signatureConfig']>['jwksConfig']>

function keySet(
  { url, refetchInterval, cacheConfig, clientConfig }: JwksConfig,
  { service, build }: Around,
): KeySource | undefined {
  const asking = askingOf(url, clientConfig, build)
  if (!asking) return undefined
  const { defaultMaxAge } = cacheConfig ?? {}
  return new KeySet({
    url,
    maxAgeMs: defaultMaxAge === undefined ? KEYS_MS : defaultMaxAge * 1000,
    refetchMs: refetchInterval * 1000,
    onDown: quietly(service, build),
    ...asking,
  })
}

interface AskingOptions {
  readonly timeoutMs: number
  readonly headers: Readonly<Record<string, string>>
  readonly ca: string | undefined
}

/** Undefined where something of it is wrong, which is reported. */
function askingOf(url: URL, config: JwksConfig['clientConfig'], build: Build): AskingOptions | undefined {
  const { timeout = 5, customHeaders = {}, auth, secureSocket } = config ?? {}
  const headers = texts(customHeaders)
  const { username, password, token } = auth ?? {}
  if (token) headers.Authorization = `Bearer ${token.text}`
  else if (username)
    headers.Authorization = `Basic ${Buffer.from(`${username.text}:${password?.text ?? ''}`).toString('base64')}`
  const cert = secureSocket?.cert
  const ca = cert && read(cert, build)
  if (cert && ca === undefined) return undefined
  if (cert && url.protocol !== 'https:')
    build.warning(cert.span, 'no-effect', `secureSocket has no effect: ${url.href} is no https address.`)
  return { timeoutMs: Math.ceil(timeout * 1000), headers, ca }
}

function fixed(key: KeyObject | undefined): KeySource | undefined {
  const keys = key && [key]
  return keys && { keysFor: (_id, algorithm) => (algorithmsOf(key).includes(algorithm) ? keys : []) }
}

function secretKey({ text, span }: Located, build: Build): KeyObject | undefined {
  if (text.includes('-----BEGIN ')) {
    const message = 'The secret is a key or a certificate in PEM: everybody may know it.'
    build.error(span, 'bad-value', message, 'Write it to a file and name that in certFile.')
    return undefined
  }
  const bytes = Buffer.from(text)
  if (bytes.length < LEAST_SECRET_BYTES)
    build.warning(
      span,
      'weak-secret',
      `The secret has ${bytes.length} bytes: one of less than ${LEAST_SECRET_BYTES} can be guessed.`,
    )
  return createSecretKey(bytes)
}

function publicKey(file: Located, build: Build): KeyObject | undefined {
  const pem = read(file, build)
  if (pem === undefined) return undefined
  try {
    const key = pem.includes('-----BEGIN CERTIFICATE')
      ? new X509Certificate(pem).publicKey
      : createPublicKey(pem)
    if (algorithmsOf(key).length > 0) return key
    const kind = key.asymmetricKeyType ?? ''
    build.error(
      file.span,
      'bad-value',
      `The ${kind} key in ${file.text} is too weak, or of a kind no token has.`,
    )
  } catch {
    build.error(file.span, 'bad-value', `${file.text} holds no certificate and no public key in PEM.`)
  }
  return undefined
}

function read(file: Located, build: Build): string | undefined {
  try {
    return readFileSync(fileBeside(file), 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    build.error(file.span, 'missing-file', `The file ${file.text} cannot be read: ${code}.`)
    return undefined
  }
}

function texts(values: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [
      key,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  )
}

/** Warns that a server is away, now and then. */
function quietly(service: string, { log }: Build): (message: string) => void {
  let saidAt = -Infinity
  return message => {
    if (performance.now() - saidAt < TOLD_MS) return
    saidAt = performance.now()
    log.warn({}, `{service:${service}} ${message}`)
  }
}
