import { createHash, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import type { Build } from '../language/declare.ts'
import type { Span } from '../language/source.ts'
import type { ListenerTlsOptions } from '../websocket/options.ts'
import { cipherSuites } from './cipher-suites.ts'
import { type IdentityFiles, MissingStore, readAuthorities, readIdentity, subjectOf } from './keystore.ts'

/** Where the certificates of a TLS listener are, in the words of the original, and how it speaks TLS. */
export interface KeyStoreFiles extends IdentityFiles {
  readonly trustStore: string | undefined
  readonly trustStorePassword: string | undefined
  /** PEM file with the lists of revoked certificates, one of each authority. */
  readonly revoked?: string | undefined
  /** Whether clients must show a certificate of the trust store, or may. Default: they must. */
  readonly clientCertificates?: 'require' | 'optional'
  /** Comma-separated TLS versions; `TLS` means all that are safe. */
  readonly protocols: string
  /** Comma-separated cipher suites, in the names of Java, the IETF or OpenSSL. */
  readonly ciphers: string | undefined
  /** How long a client may take for the handshake, in seconds. Default 30. */
  readonly handshakeTimeout?: number | undefined
  /** How long a client may resume its TLS session, in seconds. Default 300. */
  readonly sessionTimeout?: number | undefined
}

const HANDSHAKE_TIMEOUT_S = 30

/**
 * Reads the key store and trust store of a listener: JKS, PKCS#12, or PEM.
 * @throws MissingStore when a file is not there, Error with what else is wrong with which file
 */
export function loadListenerTls(files: KeyStoreFiles): ListenerTlsOptions {
  const { trustStore, revoked, handshakeTimeout = HANDSHAKE_TIMEOUT_S, sessionTimeout } = files
  const paths = [files.keyStore, files.keyFile, trustStore, revoked].filter(path => path !== undefined)
  const digest = digestOf(paths)
  const isRequired = files.clientCertificates !== 'optional'
  const tls = {
    ...readIdentity(files),
    ...(trustStore !== undefined && {
      ca: readAuthorities(trustStore, files.trustStorePassword),
      ...(isRequired ? { requireClientCertificate: true } : { asksClientCertificate: true }),
    }),
    ...(revoked !== undefined && { crl: readRevoked(revoked) }),
    ...versions(files.protocols),
    ...(files.ciphers && { ciphers: cipherSuites(files.ciphers).openSsl }),
    handshakeTimeout: handshakeTimeout * 1000,
    ...(sessionTimeout !== undefined && { sessionTimeout }),
  }
  try {
    createSecureContext(tls)
  } catch (error) {
    const message = `key store ${files.keyStore} cannot be used: ${(error as Error).message}`
    throw new Error(message, { cause: error })
  }
  return { ...tls, source: { files: paths, digest, read: () => loadListenerTls(files) } }
}

/** @throws Error when it cannot be read, or holds no list */
function readRevoked(file: string): string {
  const text = contentsOf(file).toString('latin1')
  if (text.includes('-----BEGIN X509 CRL-----')) return text
  throw new Error(`${file} holds no list of revoked certificates in PEM, or is not there`)
}

/** Gives a hash of what is in files; one that is not there counts as empty. */
export function digestOf(files: readonly string[]): string {
  const hash = createHash('sha256')
  for (const file of files) hash.update(contentsOf(file)).update('\0')
  return hash.digest('base64')
}

function contentsOf(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch {
    return Buffer.alloc(0)
  }
}

/** Something about the certificates of a listener that does not keep it from being opened. */
export interface TlsConcern {
  readonly code: 'expired-certificate' | 'unknown-cipher'
  readonly message: string
}

/** Lists what is questionable about the TLS of a listener: dates, and cipher suites that are not there. */
export function concernsOf(tls: ListenerTlsOptions, files: KeyStoreFiles): TlsConcern[] {
  const dates = dateConcern(tls, files.keyStore)
  const { unknown } = files.ciphers ? cipherSuites(files.ciphers) : { unknown: [] }
  return [
    ...(dates === undefined ? [] : [{ code: 'expired-certificate' as const, message: dates }]),
    ...(unknown.length === 0
      ? []
      : [
          {
            code: 'unknown-cipher' as const,
            message: `cipher suites are not offered: ${unknown.join(', ')}`,
          },
        ]),
  ]
}

/** Says that a certificate has expired, or is for later; undefined for one that is good today. */
export function dateConcern({ cert }: Pick<ListenerTlsOptions, 'cert'>, path: string): string | undefined {
  const certificate = new X509Certificate(String(cert))
  const now = new Date()
  const what = `the certificate ${subjectOf(certificate)} in ${path}`
  if (certificate.validToDate < now) return `${what} expired on ${dayOf(certificate.validToDate)}`
  if (certificate.validFromDate > now)
    return `${what} is not valid before ${dayOf(certificate.validFromDate)}`
  return undefined
}

/** Says which certificate is served: whose it is, and until when it is valid. */
export function certificateLine({ cert }: Pick<ListenerTlsOptions, 'cert'>): string {
  const certificate = new X509Certificate(String(cert))
  return `the certificate ${subjectOf(certificate)}, valid until ${dayOf(certificate.validToDate)}`
}

/**
 * Reads the key store and trust store of an inbound endpoint, and reports what is wrong; undefined then.
 * Compatibility: without its key store an endpoint deploys and does not listen.
 */
export function inboundTls(
  files: KeyStoreFiles,
  name: string,
  { build, span }: { readonly build: Build; readonly span: Span },
): ListenerTlsOptions | undefined {
  try {
    const tls = loadListenerTls(files)
    for (const { code, message } of concernsOf(tls, files))
      build.warning(span, code, `Inbound endpoint ${name}: ${message}.`)
    return tls
  } catch (error) {
    const { message } = error as Error
    if (error instanceof MissingStore)
      build.warning(span, 'bad-key-store', `Inbound endpoint ${name} does not listen: ${message}.`)
    else build.error(span, 'bad-key-store', `${message}.`)
    return undefined
  }
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10)
}

const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const

function versions(list: string): Pick<ListenerTlsOptions, 'minVersion' | 'maxVersion'> {
  const named = list.split(',').map(name => name.trim())
  if (named.includes('TLS') || list.trim() === '') return { minVersion: 'TLSv1.2' }
  const unknown = named.find(name => !(VERSIONS as readonly string[]).includes(name))
  if (unknown !== undefined) throw new Error(`TLS version ${unknown} is not offered; use TLSv1.2 or TLSv1.3`)
  const chosen = VERSIONS.filter(version => named.includes(version))
  return { minVersion: chosen[0], maxVersion: chosen.at(-1) }
}
