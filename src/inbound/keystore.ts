import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

/** Where a certificate and its private key are. */
export interface IdentityFiles {
  readonly keyStore: string
  readonly keyStorePassword: string | undefined
  readonly keyPassword: string | undefined
  /** A PEM file with the private key, where it is not in the key store. */
  readonly keyFile?: string | undefined
  /** The entry to take, where the store has several keys. */
  readonly alias?: string | undefined
}

/** A certificate with the chain behind it, and its private key; both PEM. */
export interface Identity {
  readonly cert: string
  readonly key: string
  readonly passphrase: string | undefined
}

/** A key store or trust store that is not there at all. */
export class MissingStore extends Error {
  constructor(path: string) {
    super(`key store ${path} cannot be read: ENOENT`)
    this.name = 'MissingStore'
  }
}

/**
 * Reads a certificate and its private key: the first key that has a certificate, or the one of the alias.
 * @throws MissingStore when a file is not there, Error with what else is wrong with which file
 */
export function readIdentity(files: IdentityFiles): Identity {
  const { keyStore, keyFile } = files
  const passphrase = files.keyPassword ?? files.keyStorePassword
  const store = readStore(keyStore, files.keyStorePassword, files.keyPassword)
  const all = store.certificates.map(({ pem }) => new X509Certificate(pem))
  for (const { pem } of keysOf(files, store, passphrase)) {
    const key = openKey(pem, passphrase, keyFile ?? keyStore)
    const leaf = all.find(certificate => certificate.checkPrivateKey(key))
    if (leaf) return { cert: chainOf(leaf, all).join('\n'), key: pem, passphrase }
  }
  const where = keyFile === undefined ? '' : ` in ${keyFile}`
  throw new Error(
    `key store ${keyStore} cannot be used: the private key${where} does not belong to its certificate ${subjectOf(all[0]!)}`,
  )
}

/** The private keys to choose from, of the store or of a file of their own. */
function keysOf(
  { keyStore, keyFile, alias }: IdentityFiles,
  store: Contents,
  passphrase: string | undefined,
): readonly Entry[] {
  const separate = keyFile === undefined ? undefined : readStore(keyFile, passphrase, passphrase, 'key file')
  if (separate?.keys.length === 0) throw new Error(`key file ${keyFile} holds no private key`)
  const keys = separate?.keys ?? store.keys
  if (keys.length === 0 || store.certificates.length === 0) {
    const what = separate ? 'no certificate' : 'no private key with a certificate'
    throw new Error(`key store ${keyStore} holds ${what}`)
  }
  // PEM has no names.
  if (alias === undefined || keys.every(key => key.alias === '')) return keys
  const named = keys.filter(key => key.alias.toLowerCase() === alias.toLowerCase())
  if (named.length === 0) throw new Error(`key store ${keyStore} holds no entry ${alias} with a private key`)
  return named
}

/** Reads the certificates of a trust store: JKS, PKCS#12 or PEM. @throws Error as `readIdentity` does */
export function readAuthorities(path: string, password: string | undefined): string {
  const authorities = readStore(path, password, undefined).certificates.map(({ pem }) => pem)
  if (authorities.length === 0) throw new Error(`trust store ${path} holds no certificates`)
  return authorities.join('\n')
}

/** Says in one line who a certificate is for. */
export function subjectOf(certificate: X509Certificate): string {
  return (certificate.subject ?? certificate.subjectAltName ?? '').split('\n').reverse().join(', ')
}

interface Entry {
  readonly alias: string
  readonly pem: string
}

/** What a store holds. */
interface Contents {
  readonly keys: readonly Entry[]
  readonly certificates: readonly Entry[]
}

/** The certificate, and those behind it as far as they are there; the root, which clients have themselves, is left out. */
function chainOf(leaf: X509Certificate, all: readonly X509Certificate[]): string[] {
  const chain = [leaf]
  for (;;) {
    const last = chain.at(-1)!
    const issuer = all.find(other => !chain.includes(other) && last.checkIssued(other))
    if (!issuer || issuer.checkIssued(issuer)) return chain.map(certificate => certificate.toString().trim())
    chain.push(issuer)
  }
}

function openKey(pem: string, passphrase: string | undefined, path: string): KeyObject {
  try {
    return createPrivateKey({ key: pem, passphrase })
  } catch (error) {
    const isLocked = pem.includes('ENCRYPTED')
    const reason = !isLocked
      ? `its private key is damaged (${(error as Error).message})`
      : passphrase === undefined
        ? 'its private key needs a password'
        : 'wrong password for its private key'
    throw new Error(`key store ${path} cannot be read: ${reason}`, { cause: error })
  }
}

function readStore(
  path: string,
  password: string | undefined,
  keyPassword: string | undefined,
  what = 'key store',
): Contents {
  const bytes = readFile(path)
  const text = bytes.toString('latin1')
  if (text.includes('-----BEGIN ')) return checked(pemContents(text), path)
  try {
    return checked(
      isPkcs12(bytes) ? pkcs12Contents(bytes, password) : jksContents(bytes, password, keyPassword),
      path,
    )
  } catch (error) {
    throw new Error(`${what} ${path} cannot be read: ${storeProblem(error as Error)}`, { cause: error })
  }
}

function checked(contents: Contents, path: string): Contents {
  for (const { pem } of contents.certificates) {
    try {
      new X509Certificate(pem)
    } catch (error) {
      throw new Error(`key store ${path} cannot be read: it has a damaged certificate`, { cause: error })
    }
  }
  return contents
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

function pemContents(text: string): Contents {
  const blocks = text.match(/-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+?-----END \1-----/g) ?? []
  const entries = (label: RegExp): Entry[] =>
    blocks.filter(block => label.test(block)).map(pem => ({ alias: '', pem }))
  return {
    keys: entries(/^-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/),
    certificates: entries(/^-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/),
  }
}

// — the library that reads Java's stores; loaded only by those who have one —

interface JavaEntry {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}
type ToPem = (store: Buffer, password: string, keyPassword?: string) => Readonly<Record<string, JavaEntry>>

/** One item of a PKCS#12 store, as the library reads it. */
interface Bag {
  attributes: { friendlyName?: string[] }
}
interface Pkcs12 {
  new (
    store: Buffer,
    password: string,
  ): { parse(): Bag[]; toPem(bags: Bag[]): Readonly<Record<string, JavaEntry>> }
}

function jksContents(bytes: Buffer, password = '', keyPassword?: string): Contents {
  const { toPem } = createRequire(import.meta.url)('jks-js') as { toPem: ToPem }
  return contentsOf(Object.entries(toPem(bytes, password, keyPassword)))
}

/** The library wants each item to have a name, and one name for two items loses the first. */
function pkcs12Contents(bytes: Buffer, password = ''): Contents {
  const Parser = createRequire(import.meta.url)('jks-js/lib/keystore/PKCS12Parser.js') as Pkcs12
  const parser = new Parser(bytes, password)
  const entries = parser.parse().flatMap(bag => {
    const alias = bag.attributes.friendlyName?.[0] ?? ''
    bag.attributes.friendlyName = ['item']
    return Object.values(parser.toPem([bag])).map((entry): [string, JavaEntry] => [alias, entry])
  })
  return contentsOf(entries)
}

function contentsOf(entries: readonly (readonly [string, JavaEntry])[]): Contents {
  const keys = entries.flatMap(([alias, { key }]) => (key === undefined ? [] : [{ alias, pem: key }]))
  const certificates = entries.flatMap(([alias, { ca = '', cert = '' }]) =>
    pemContents(`${cert}\n${ca}`).certificates.map(({ pem }) => ({ alias, pem })),
  )
  return { keys, certificates }
}

/** A sequence of version 3; what is no PKCS#12 after that is found out when it is read. */
function isPkcs12(bytes: Buffer): boolean {
  return bytes[0] === 0x30 && bytes.subarray(0, 10).includes(Buffer.of(0x02, 0x01, 0x03))
}

function storeProblem({ name, message }: Error): string {
  if (/password verification failed|invalid password/i.test(message)) return 'wrong password'
  if (/cannot recover key/i.test(message)) return 'wrong password for its private key'
  if (/invalid keystore format/i.test(message)) return 'it is neither JKS nor PKCS#12 nor PEM'
  if (name !== 'Error' || message === '') return 'wrong password or damaged file'
  return message
}
