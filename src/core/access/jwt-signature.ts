import { constants, createHmac, type KeyObject, timingSafeEqual, verify } from 'node:crypto'

/** The curve of each algorithm on elliptic curves. */
const CURVES: Readonly<Record<string, string>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
}

/** The fewest bits of an RSA key (RFC 7518, 3.3). */
const LEAST_RSA_BITS = 2048

/**
 * Gives the algorithms that a key is for; none for one that is too weak. What a token says of its algorithm counts only
 * among these, so that a public key is never taken for a secret.
 */
export function algorithmsOf(key: KeyObject): readonly string[] {
  if (key.type === 'secret') return ['HS256', 'HS384', 'HS512']
  const { asymmetricKeyType: kind, asymmetricKeyDetails: details } = key
  if (kind === 'ed25519' || kind === 'ed448') return ['EdDSA']
  if (kind === 'ec') {
    const algorithm = CURVES[details?.namedCurve ?? '']
    return algorithm === undefined ? [] : [algorithm]
  }
  if ((details?.modulusLength ?? 0) < LEAST_RSA_BITS) return []
  if (kind === 'rsa-pss') return ['PS256', 'PS384', 'PS512']
  return kind === 'rsa' ? ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] : []
}

/** Whether a signature is that of an input, made with a key by an algorithm that is one of the key's. */
export function isSignature(algorithm: string, key: KeyObject, input: string, signature: Buffer): boolean {
  if (!algorithmsOf(key).includes(algorithm)) return false
  const digest = `sha${algorithm.slice(2)}`
  if (key.type === 'secret') {
    const expected = createHmac(digest, key).update(input).digest()
    return expected.length === signature.length && timingSafeEqual(expected, signature)
  }
  const data = Buffer.from(input)
  if (algorithm === 'EdDSA') return verify(null, data, key, signature)
  // A JWT has the two numbers of an elliptic signature side by side (RFC 7518, 3.4).
  if (algorithm.startsWith('ES')) return verify(digest, data, { key, dsaEncoding: 'ieee-p1363' }, signature)
  if (algorithm.startsWith('RS')) return verify(digest, data, key, signature)
  const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants
  return verify(digest, data, { key, padding, saltLength }, signature)
}
