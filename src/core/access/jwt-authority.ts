import { isDeepStrictEqual } from 'node:util'
import { type Authority, type Credentials, type Identity, type Refused, scopesOf } from './identity.ts'
import { type ReadJwt, readJwt } from './jwt.ts'
import { isSignature } from './jwt-signature.ts'
import { type KeptAnswers, keyOf } from './kept-answers.ts'
import type { KeySource } from './key-set.ts'

/** What a token must say; what is undefined may be anything. */
export interface JwtRules {
  readonly issuer: string | undefined
  readonly username: string | undefined
  /** One of these; empty for any. */
  readonly audience: readonly string[]
  readonly jwtId: string | undefined
  readonly keyId: string | undefined
  readonly customClaims: Readonly<Record<string, unknown>>
  /** How far the clocks may be apart, in milliseconds. */
  readonly skewMs: number
  /** The claim that has the scopes. */
  readonly scopeKey: string
  /** Whether public keys sign, or a secret: the algorithms of the other kind are refused before any key is looked for. */
  readonly signs: 'key' | 'secret'
}

const OF_KEYS = /^(?:[RP]S(?:256|384|512)|ES(?:256|384|512)|EdDSA)$/
const OF_SECRETS = /^HS(?:256|384|512)$/

/** Knows those who show a JSON Web Token that was signed by whom it trusts. */
export class JwtAuthority implements Authority {
  readonly scheme = 'Bearer'
  readonly #rules: JwtRules
  readonly #keys: KeySource
  readonly #kept: KeptAnswers<Identity> | undefined

  constructor(rules: JwtRules, keys: KeySource, kept?: KeptAnswers<Identity>) {
    this.#rules = rules
    this.#keys = keys
    this.#kept = kept
  }

  async identify(credentials: Credentials): Promise<Identity | Refused> {
    if (credentials.scheme !== 'Bearer') return { why: 'there is no token' }
    const { token } = credentials
    const key = this.#kept && keyOf(token)
    const kept = key === undefined ? undefined : this.#kept!.get(key)
    if (kept) return kept
    const jwt = readJwt(token)
    if ('why' in jwt) return jwt
    // What it says may refuse it before a key is looked for, so that tokens of others cost nothing.
    const wrong = this.#wrongIn(jwt)
    if (wrong !== undefined) return { why: wrong }
    const { algorithm, input, signature } = jwt
    const keys = await this.#keys.keysFor(jwt.keyId, algorithm)
    if (keys.length === 0) return { why: 'no key is known that the token is signed with' }
    if (!keys.some(each => isSignature(algorithm, each, input, signature)))
      return { why: 'the signature of the token is wrong' }
    const identity = this.#identityOf(jwt)
    if (key !== undefined) this.#kept!.set(key, identity, identity.until)
    return identity
  }

  #identityOf({ claims }: ReadJwt): Identity {
    const { scopeKey, skewMs } = this.#rules
    const { sub, exp } = claims
    return {
      user: typeof sub === 'string' ? sub : '',
      scopes: scopesOf(claims[scopeKey]),
      claims,
      until: typeof exp === 'number' ? exp * 1000 + skewMs : undefined,
    }
  }

  #wrongIn({ algorithm, keyId, claims }: ReadJwt): string | undefined {
    const rules = this.#rules
    if (!(rules.signs === 'key' ? OF_KEYS : OF_SECRETS).test(algorithm))
      return 'the algorithm of the token is not accepted'
    if (rules.keyId !== undefined && keyId !== rules.keyId) return 'the token is signed with another key'
    const { iss, sub, aud, jti } = claims
    if (rules.issuer !== undefined && iss !== rules.issuer) return 'the token is of another issuer'
    if (rules.username !== undefined && sub !== rules.username) return 'the token is for another user'
    if (rules.jwtId !== undefined && jti !== rules.jwtId) return 'the token has another id'
    const audience: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
    if (rules.audience.length > 0 && !rules.audience.some(each => audience.includes(each)))
      return 'the token is for another audience'
    for (const [name, value] of Object.entries(rules.customClaims))
      if (!Object.hasOwn(claims, name) || !isDeepStrictEqual(claims[name], value))
        return `the claim ${name} of the token is another one`
    return wrongTime(claims, rules.skewMs)
  }
}

function wrongTime({ exp, nbf }: ReadJwt['claims'], skewMs: number): string | undefined {
  const now = Date.now()
  if (exp !== undefined && !Number.isFinite(exp)) return 'the end of the token is no number'
  if (nbf !== undefined && !Number.isFinite(nbf)) return 'the beginning of the token is no number'
  if (exp !== undefined && Number(exp) * 1000 + skewMs <= now) return 'the token has expired'
  if (nbf !== undefined && Number(nbf) * 1000 - skewMs > now) return 'the token is not good yet'
  return undefined
}
