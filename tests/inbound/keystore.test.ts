import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { type KeyStoreFiles, loadListenerTls, readAuthorities } from '../../src/inbound/keystore.ts'

const store = (name: string): string =>
  name.endsWith('.ts')
    ? join(import.meta.dirname, name)
    : join(import.meta.dirname, '../support/keystores', name)

function files(keyStore: string, more: Partial<KeyStoreFiles> = {}): KeyStoreFiles {
  return {
    keyStore: store(keyStore),
    keyStorePassword: 'secret',
    keyPassword: undefined,
    trustStore: undefined,
    trustStorePassword: undefined,
    protocols: 'TLS',
    ciphers: undefined,
    ...more,
  }
}

describe('key stores', () => {
  test.each([
    ['PEM', 'server.pem', { keyStorePassword: undefined }],
    ['PEM with an encrypted key', 'server-encrypted.pem', { keyPassword: 'key-secret' }],
    ['PKCS#12', 'server.p12', {}],
    ['PKCS#12 as older tools write it', 'server-legacy.p12', {}],
    ['PKCS#12, the key password given as well', 'server.p12', { keyPassword: 'secret' }],
    ['JKS', 'same-password.jks', {}],
    ['JKS with another password for the key', 'server.jks', { keyPassword: 'key-secret' }],
  ])('%s gives certificate and key', (_what, name, more) => {
    const tls = loadListenerTls(files(name, more))
    expect(new X509Certificate(String(tls.cert)).subject).toBe('CN=gateway.test')
    // Throws where key and certificate do not belong together.
    expect(createSecureContext(tls).context).toBeDefined()
    expect(tls.requireClientCertificate).toBeUndefined()
  })

  test.each([
    ['PKCS#12, wrong password', 'server.p12', { keyStorePassword: 'wrong' }],
    ['PKCS#12, no password', 'server.p12', { keyStorePassword: undefined }],
    ['JKS, wrong password', 'server.jks', { keyStorePassword: 'wrong', keyPassword: 'key-secret' }],
    ['JKS, wrong key password', 'server.jks', { keyPassword: 'wrong' }],
    ['JKS, key password left out', 'server.jks', {}],
    ['a missing file', 'nowhere.jks', {}],
    ['a file that is no key store', 'keystore.test.ts', {}],
  ])('%s is told, with the file', (_what, name, more) => {
    expect(() => loadListenerTls(files(name, more))).toThrow(
      new RegExp(`^key store .*${name.replaceAll('.', '\\.')} cannot be read: .+`),
    )
  })

  test('a missing file says so', () => {
    expect(() => loadListenerTls(files('nowhere.jks'))).toThrow(/: ENOENT$/)
  })

  test.each([['trust.pem'], ['trust.jks'], ['trust.p12'], ['empty.jks'], ['key-only.pem']])(
    '%s holds no key with a certificate',
    name => {
      expect(() => loadListenerTls(files(name))).toThrow(
        `key store ${store(name)} holds no private key with a certificate`,
      )
    },
  )
})

describe('trust stores', () => {
  test.each([
    ['PEM', 'trust.pem'],
    ['JKS', 'trust.jks'],
    ['PKCS#12', 'trust.p12'],
    ['a key store, for its certificate', 'same-password.jks'],
  ])('%s gives the certificates', (_what, name) => {
    const authorities = readAuthorities(store(name), 'secret')
    expect(new X509Certificate(authorities).subject).toBe('CN=gateway.test')
    expect(authorities).not.toContain('PRIVATE KEY')
  })

  test('one makes client certificates mandatory', () => {
    const tls = loadListenerTls(
      files('server.p12', { trustStore: store('trust.jks'), trustStorePassword: 'secret' }),
    )
    expect(tls.requireClientCertificate).toBe(true)
    expect(tls.ca).toContain('BEGIN CERTIFICATE')
    expect(createSecureContext(tls).context).toBeDefined()
  })

  test.each(['empty.jks', 'key-only.pem'])('%s without certificates is told', name => {
    expect(() => readAuthorities(store(name), 'secret')).toThrow(
      `trust store ${store(name)} holds no certificates`,
    )
  })

  test('a wrong password and a missing file are told', () => {
    expect(() => readAuthorities(store('trust.jks'), 'wrong')).toThrow(/trust\.jks cannot be read: .+/)
    expect(() => readAuthorities(store('nowhere.pem'), undefined)).toThrow(
      /nowhere\.pem cannot be read: ENOENT$/,
    )
  })
})

describe('versions and ciphers', () => {
  test.each([
    ['TLS', 'TLSv1.2', undefined],
    ['', 'TLSv1.2', undefined],
    ['TLSv1.2', 'TLSv1.2', 'TLSv1.2'],
    ['TLSv1.3', 'TLSv1.3', 'TLSv1.3'],
    ['TLSv1.3, TLSv1.2', 'TLSv1.2', 'TLSv1.3'],
    ['TLS,TLSv1.3', 'TLSv1.2', undefined],
  ])('%j is from %s to %s', (protocols, minVersion, maxVersion) => {
    const tls = loadListenerTls(files('server.pem', { protocols }))
    expect([tls.minVersion, tls.maxVersion]).toEqual([minVersion, maxVersion])
  })

  test.each(['TLSv1.1', 'SSLv3', 'TLSv1.2,TLSv1'])('%s is not offered', protocols => {
    expect(() => loadListenerTls(files('server.pem', { protocols }))).toThrow(
      /^TLS version \S+ is not offered; use TLSv1\.2 or TLSv1\.3$/,
    )
  })

  test('ciphers are joined as the library wants them', () => {
    const { ciphers } = loadListenerTls(
      files('server.pem', { ciphers: 'ECDHE-RSA-AES128-GCM-SHA256, TLS_AES_256_GCM_SHA384' }),
    )
    expect(ciphers).toBe('ECDHE-RSA-AES128-GCM-SHA256:TLS_AES_256_GCM_SHA384')
  })
})
