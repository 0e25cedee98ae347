import { type IdentityFiles, readAuthorities, readIdentity } from '../inbound/keystore.ts'
import { OptionError } from '../services/web-socket-error.ts'
import type { ClientTlsOptions } from '../websocket/options.ts'
import { checkNames } from './check-names.ts'

/** A key store or trust store: PKCS#12, JKS or PEM. */
export interface Store {
  readonly path: string
  readonly password?: string
}

/** A certificate and its private key, in PEM files. */
export interface CertificateFiles {
  readonly certFile: string
  readonly keyFile: string
  readonly keyPassword?: string
}

const VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const
type Version = (typeof VERSIONS)[number]

/** Certificates and checks of `wss`. */
export interface SecureSocket {
  /** Whether the certificate of the server is checked. Default true. */
  readonly enable?: boolean
  /** Whose certificates are trusted: a PEM file, PEM text, or a trust store. Default the authorities Node knows. */
  readonly cert?: string | Store
  /** What the server is shown when it asks. */
  readonly key?: CertificateFiles | Store
  /** The versions of TLS. */
  readonly protocol?: { readonly name?: 'TLS'; readonly versions?: readonly Version[] }
  /** Cipher suites, by the names of OpenSSL. */
  readonly ciphers?: readonly string[]
  /** Whether the certificate must name the host. Default true. */
  readonly verifyHostName?: boolean
  /** The name to ask for where it differs from the host of the URL. */
  readonly serverName?: string
  /** Accepted: each connection has a TLS session of its own. */
  readonly shareSession?: boolean
  /** Accepted: TLS is part of the handshake, which has `handShakeTimeout`. */
  readonly handshakeTimeout?: number
  /** Accepted: a TLS session is not resumed. */
  readonly sessionTimeout?: number
}

/** Reads the files, and makes what a connection wants of it. @throws OptionError with what is wrong */
export function tlsOptionsOf(options: SecureSocket): ClientTlsOptions {
  checkNames(options, 'secureSocket')
  if (options.key) checkNames(options.key, 'secureSocket.key')
  if (options.protocol) checkNames(options.protocol, 'secureSocket.protocol')
  const { enable = true, cert, key, protocol, ciphers, verifyHostName, serverName } = options
  try {
    return {
      verify: enable,
      verifyHostName: verifyHostName ?? enable,
      ...(serverName !== undefined && { serverName }),
      ...(cert !== undefined && { ca: authoritiesOf(cert) }),
      ...(key !== undefined && readIdentity(identityFiles(key))),
      ...versionsOf(protocol?.versions),
      ...(ciphers !== undefined && { ciphers: ciphers.join(':') }),
    }
  } catch (cause) {
    if (cause instanceof OptionError) throw cause
    throw new OptionError(`secureSocket: ${(cause as Error).message}`, { cause })
  }
}

function authoritiesOf(cert: string | Store): string {
  if (typeof cert !== 'string') return readAuthorities(cert.path, cert.password)
  return cert.includes('-----BEGIN ') ? cert : readAuthorities(cert, undefined)
}

function identityFiles(key: CertificateFiles | Store): IdentityFiles {
  if ('path' in key) return { keyStore: key.path, keyStorePassword: key.password, keyPassword: undefined }
  const { certFile, keyFile, keyPassword } = key
  return { keyStore: certFile, keyFile, keyStorePassword: undefined, keyPassword }
}

function versionsOf(versions: readonly Version[] = []): Pick<ClientTlsOptions, 'minVersion' | 'maxVersion'> {
  const unknown = versions.find(each => !VERSIONS.includes(each))
  if (unknown !== undefined)
    throw new OptionError(`secureSocket.protocol: there is no version ${unknown}, but ${VERSIONS.join(', ')}`)
  const sorted = VERSIONS.filter(each => versions.includes(each))
  return sorted.length === 0 ? {} : { minVersion: sorted[0], maxVersion: sorted.at(-1) }
}
