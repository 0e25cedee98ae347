import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Build } from '../language/declare.ts'
import type { Span } from '../language/source.ts'
import type { ListenerTlsOptions } from '../websocket/options.ts'

/** Where the certificates of a TLS listener are, in the words of the original. */
export interface KeyStoreFiles {
  readonly keyStore: string
  readonly keyStorePassword: string | undefined
  readonly keyPassword: string | undefined
  readonly trustStore: string | undefined
  readonly trustStorePassword: string | undefined
  /** Comma-separated TLS versions; `TLS` means all that are safe. */
  readonly protocols: string
  /** Comma-separated cipher suites. */
  readonly ciphers: string | undefined
}

/**
 * Does that for an inbound endpoint, and reports what is wrong; undefined then. Compatibility: without its key store
 * an endpoint deploys and does not listen.
 */
export function inboundTls(
  files: KeyStoreFiles,
  name: string,
  { build, span }: { readonly build: Build; readonly span: Span },
): ListenerTlsOptions | undefined {
  try {
    return loadListenerTls(files)
  } catch (error) {
    const { message } = error as Error
    if (error instanceof MissingStore)
      build.warning(span, 'bad-key-store', `Inbound endpoint ${name} does not listen: ${message}.`)
    else build.error(span, 'bad-key-store', `${message}.`)
    return undefined
  }
}

interface StoreEntry {
  readonly cert?: string
  readonly key?: string
  readonly ca?: string
}
type ToPem = (store: Buffer, password: string, keyPassword?: string) => Readonly<Record<string, StoreEntry>>

/** A key store or trust store that is not there at all. */
export class MissingStore extends Error {
  constructor(path: string) {
    super(`key store ${path} cannot be read: ENOENT`)
    this.name = 'MissingStore'
  }
}

/**
 * Reads the key store and trust store of a listener: JKS, PKCS#12, or PEM (certificates and key in one file).
 * @throws MissingStore when a file is not there, Error with what else is wrong with which file
 */
export function loadListenerTls(files: KeyStoreFiles): ListenerTlsOptions {
  const own = readStore(files.keyStore, files.keyStorePassword, files.keyPassword)
  const identity = own.find(entry => entry.cert !== undefined && entry.key !== undefined)
  if (!identity) throw new Error(`key store ${files.keyStore} holds no private key with a certificate`)
  const authorities =
    files.trustStore === undefined ? undefined : readAuthorities(files.trustStore, files.trustStorePassword)
  return {
    cert: identity.cert,
    key: identity.key,
    passphrase: files.keyPassword ?? files.keyStorePassword,
    ...(authorities && { ca: authorities, requireClientCertificate: true }),
    ...versions(files.protocols),
    ...(files.ciphers && {
      ciphers: files.ciphers
        .split(',')
        .map(name => name.trim())
        .join(':'),
    }),
  }
}

/** Reads the certificates of a trust store: JKS, PKCS#12 or PEM. @throws Error as `loadListenerTls` does */
export function readAuthorities(path: string, password: string | undefined): string {
  const found = readStore(path, password, undefined).map(entry => entry.ca ?? entry.cert ?? '')
  const authorities = found.filter(text => text !== '').join('\n')
  if (authorities === '') throw new Error(`trust store ${path} holds no certificates`)
  return authorities
}

function readStore(
  path: string,
  password: string | undefined,
  keyPassword: string | undefined,
): StoreEntry[] {
  const bytes = readFile(path)
  const text = bytes.toString('latin1')
  if (text.includes('-----BEGIN ')) return [pemEntry(text)]
  // Loaded only by those who have such a store.
  const { toPem } = createRequire(import.meta.url)('jks-js') as { toPem: ToPem }
  try {
    return Object.values(toPem(bytes, password ?? '', keyPassword))
  } catch (error) {
    throw new Error(
      `key store ${path} cannot be read: ${(error as Error).message || 'wrong password or damaged file'}`,
      {
        cause: error,
      },
    )
  }
}

function readFile(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new MissingStore(path)
    throw new Error(
      `key store ${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`,
      { cause: error },
    )
  }
}

function pemEntry(text: string): StoreEntry {
  const blocks = text.match(/-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+?-----END \1-----/g) ?? []
  const key = blocks.find(block => block.includes('PRIVATE KEY'))
  const certificates = blocks.filter(block => block.includes('BEGIN CERTIFICATE')).join('\n')
  if (key === undefined || certificates === '') return { ca: certificates }
  return { cert: certificates, key }
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
