import { createHmac, createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readIdentity } from '../inbound/keystore.ts'
import { OptionError } from '../services/web-socket-error.ts'
import type { JwtAuth, SignatureAlgorithm, SignatureConfig } from './auth-options.ts'
import { checkNames } from './check-names.ts'

const DEFAULT_EXPIRY_SECONDS = 300

const ALGORITHMS: readonly SignatureAlgorithm[] = [
  'RS256',
  'RS384',
  'RS512',
  'ES256',
  'ES384',
  'ES512',
  'HS256',
  'HS384',
  'HS512',
  'NONE',
]

type Signer = (input: string) => Buffer

/**
 * Reads what tokens are signed with, and gives what makes them: each is good from now on (RFC 7519).
 * @throws OptionError with what is wrong
 */
export function jwtIssuer(auth: JwtAuth): () => string {
  checkNames(auth, 'auth.jwt')
  checkNames(auth.signatureConfig ?? {}, 'auth.jwt.signatureConfig')
  const { issuer, username, audience, jwtId, keyId, customClaims, expTime = DEFAULT_EXPIRY_SECONDS } = auth
  const { algorithm = 'RS256', config } = auth.signatureConfig ?? {}
  if (!ALGORITHMS.includes(algorithm))
    throw new OptionError(`there is no algorithm ${algorithm}, but ${ALGORITHMS.join(', ')}`)
  if (!(expTime > 0)) throw new OptionError('auth.jwt.expTime must be more than 0')
  const signer = signerOf(algorithm, config)
  const head = encoded({ alg: algorithm === 'NONE' ? 'none' : algorithm, typ: 'JWT', kid: keyId })
  return () => {
    const now = Math.floor(Date.now() / 1000)
    const claims = {
      iss: issuer,
      sub: username,
      aud: audience,
      jti: jwtId,
      exp: now + expTime,
      nbf: now,
      iat: now,
    }
    const input = `${head}.${encoded({ ...claims, ...customClaims })}`
    return `${input}.${signer(input).toString('base64url')}`
  }
}

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function signerOf(algorithm: SignatureAlgorithm, config: SignatureConfig['config']): Signer {
  if (algorithm === 'NONE') return () => Buffer.alloc(0)
  const digest = `sha${algorithm.slice(2)}`
  if (config === undefined) throw new OptionError(`auth.jwt.signatureConfig: ${algorithm} needs config`)
  if (algorithm.startsWith('HS')) {
    if (typeof config !== 'string')
      throw new OptionError(`auth.jwt.signatureConfig: ${algorithm} needs a secret as config, no key`)
    return input => createHmac(digest, config).update(input).digest()
  }
  const key = privateKey(config)
  const kind = algorithm.startsWith('RS') ? 'rsa' : 'ec'
  if (key.asymmetricKeyType !== kind)
    throw new OptionError(`auth.jwt.signatureConfig: ${algorithm} needs a key of the kind ${kind}`)
  // A JWT has the two numbers of an elliptic signature side by side (RFC 7518, 3.4).
  return input => sign(digest, Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
}

function privateKey(config: NonNullable<SignatureConfig['config']>): KeyObject {
  try {
    if (typeof config === 'string')
      return createPrivateKey(config.includes('-----BEGIN ') ? config : readFileSync(config, 'utf8'))
    if ('keyFile' in config)
      return createPrivateKey({ key: readFileSync(config.keyFile, 'utf8'), passphrase: config.keyPassword })
    const { keyStore, keyAlias, keyPassword } = config
    const files = {
      keyStore: keyStore.path,
      keyStorePassword: keyStore.password,
      keyPassword,
      alias: keyAlias,
    }
    const { key, passphrase } = readIdentity(files)
    return createPrivateKey({ key, passphrase })
  } catch (cause) {
    throw new OptionError(
      `auth.jwt.signatureConfig: the private key cannot be read: ${(cause as Error).message}`,
      {
        cause,
      },
    )
  }
}
