import type { Build, Wrong } from '../language/declare.ts'
import type { Span } from '../language/source.ts'
import { Expected, integer, oneOf, text, type ValueType } from '../language/types.ts'
import { parseXml, XmlError } from '../message/xml/parse.ts'
import type { ListenerTlsOptions } from '../websocket/options.ts'
import { inboundTls } from './listener-tls.ts'

/** A key store or trust store as it is written in a parameter. */
export interface StoreFile {
  readonly location: string
  readonly password: string | undefined
  readonly keyPassword: string | undefined
  /** The private key, where it has a file of its own. Not in the original. */
  readonly keyLocation: string | undefined
  /** The entry to take. Not in the original. */
  readonly alias: string | undefined
}

/** `<KeyStore><Location/><Type/><Password/><KeyPassword/></KeyStore>`. */
const store: ValueType<StoreFile> = {
  name: 'key store as XML',
  parse(value) {
    const expected = new Expected('an element with <Location> and <Password>')
    try {
      const root = parseXml(value).documentElement!
      const part = (name: string): string | undefined =>
        root.children.find(child => child.localName === name)?.text.trim() || undefined
      const location = part('Location')
      if (location === undefined) throw expected
      return {
        location,
        password: part('Password'),
        keyPassword: part('KeyPassword'),
        keyLocation: part('KeyLocation'),
        alias: part('Alias'),
      }
    } catch (error) {
      if (error instanceof XmlError) throw expected
      throw error
    }
  },
}

/** Whether certificates are to be checked for being revoked; that cannot be done here. */
const revocation: ValueType<boolean> = {
  name: 'revocation as XML',
  parse(value) {
    try {
      return parseXml(value).documentElement?.getAttribute('enable')?.trim().toLowerCase() !== 'false'
    } catch (error) {
      if (error instanceof XmlError) throw new Expected('an element <CertificateRevocationVerifier>')
      throw error
    }
  },
}

const seconds = integer({ min: 0, max: 2_147_483 })

const REVOCATION = {
  type: revocation,
  takesXml: true,
  doc: 'Refused where client certificates are asked for: they are not checked for being revoked.',
} as const

/** The TLS parameters of `https` and `httpswss` inbound endpoints, in the original's names. */
export const httpsParameters = {
  keystore: {
    type: store,
    takesXml: true,
    doc: 'TLS: `<KeyStore>` with `<Location>`, `<Password>` and `<KeyPassword>` of the store with the certificate: JKS, PKCS#12 or PEM. `<KeyLocation>`, not in the original, is a PEM file with the private key, and `<Alias>` the entry to take.',
  },
  truststore: {
    type: store,
    takesXml: true,
    doc: 'TLS: `<TrustStore>` with `<Location>` and `<Password>` of the store of the authorities that client certificates must come from.',
  },
  SSLVerifyClient: {
    type: oneOf('none', 'optional', 'require'),
    doc: 'TLS: whether clients must show a certificate of the trust store; with optional they may, and one that is not of it is refused.',
    default: 'none',
  },
  SSLProtocol: { type: text, doc: 'Accepted; HttpsProtocols says which versions there are.' },
  HttpsProtocols: {
    type: text,
    doc: 'TLS: versions, comma-separated; those before TLS 1.2 are left out.',
  },
  PreferredCiphers: {
    type: text,
    doc: 'TLS: cipher suites, comma-separated, in the names of Java, the IETF or OpenSSL. Those that are not there are left out, with a warning.',
  },
  SessionTimeout: { type: seconds, doc: 'TLS: how long a client may resume its session, in seconds.' },
  HandshakeTimeout: {
    type: seconds,
    doc: 'TLS: how long a client may take for the handshake, in seconds.',
    default: 30,
  },
  HostnameVerifier: { type: text, doc: 'Accepted; a listener has no host name to verify.' },
  CertificateRevocationVerifier: REVOCATION,
  certificateRevocationVerifier: REVOCATION,
} as const

interface HttpsValues {
  readonly keystore?: StoreFile | undefined
  readonly truststore?: StoreFile | undefined
  readonly SSLVerifyClient: 'none' | 'optional' | 'require'
  readonly HttpsProtocols?: string | undefined
  readonly PreferredCiphers?: string | undefined
  readonly SessionTimeout?: number | undefined
  readonly HandshakeTimeout: number
  readonly CertificateRevocationVerifier?: boolean | undefined
  readonly certificateRevocationVerifier?: boolean | undefined
}

/** Checks the TLS parameters against the protocol: they have their place only where it is the `secure` one. */
export function checkHttps(
  { protocol, secure }: { readonly protocol: string; readonly secure: string },
  given: HttpsValues,
  wrong: Wrong,
): void {
  const isSecure = protocol === secure
  if (isSecure && given.keystore === undefined)
    wrong(`<inboundEndpoint> with protocol ${secure} needs parameter keystore.`, { code: 'missing' })
  if (!isSecure && given.keystore !== undefined) {
    wrong(`Parameter keystore has no place here: the protocol is ${protocol}.`, {
      hint: `Use protocol="${secure}".`,
    })
  }
  if (isSecure && given.SSLVerifyClient !== 'none') {
    if (!given.truststore)
      wrong(`SSLVerifyClient ${given.SSLVerifyClient} needs parameter truststore.`, { code: 'missing' })
    if (isRevocationAsked(given)) {
      wrong(
        'Parameter CertificateRevocationVerifier is not supported: client certificates are not checked for being revoked.',
        {
          code: 'not-supported',
        },
      )
    }
  }
}

/**
 * Reads the certificates that the TLS parameters name, and reports what is wrong. Undefined for an endpoint without
 * TLS, and for one that cannot be opened.
 */
export function httpsTls(
  given: HttpsValues,
  { name, isSecure }: { readonly name: string; readonly isSecure: boolean },
  place: { readonly build: Build; readonly span: Span },
): ListenerTlsOptions | undefined {
  if (isRevocationAsked(given)) {
    const message =
      'Parameter CertificateRevocationVerifier has no effect: no client certificates are asked for.'
    place.build.warning(place.span, 'no-effect', message)
  }
  if (!isSecure) return undefined
  const { keystore, truststore, SSLVerifyClient: verify } = given
  const asks = verify !== 'none' && truststore !== undefined
  const files = {
    keyStore: keystore!.location,
    keyStorePassword: keystore!.password,
    keyPassword: keystore!.keyPassword,
    keyFile: keystore!.keyLocation,
    alias: keystore!.alias,
    trustStore: asks ? truststore.location : undefined,
    trustStorePassword: truststore?.password,
    ...(asks && { clientCertificates: verify }),
    protocols: safeVersions(given.HttpsProtocols),
    ciphers: given.PreferredCiphers,
    handshakeTimeout: given.HandshakeTimeout,
    sessionTimeout: given.SessionTimeout,
  }
  return inboundTls(files, name, place)
}

function isRevocationAsked(given: HttpsValues): boolean {
  return (given.CertificateRevocationVerifier ?? given.certificateRevocationVerifier) === true
}

/** Compatibility: old configurations list versions that nobody should speak any more. */
export function safeVersions(protocols: string | undefined): string {
  const named = (protocols ?? 'TLS').split(',').map(each => each.trim())
  const safe = named.filter(each => !/^(?:SSL.*|TLSv1(?:\.1)?)$/i.test(each))
  return safe.length > 0 ? safe.join(',') : 'TLS'
}
