import { createPrivateKey, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { cipherSuites } from '../../src/inbound/cipher-suites.ts'
import { readAuthorities } from '../../src/inbound/keystore.ts'
import { type KeyStoreFiles, loadListenerTls } from '../../src/inbound/listener-tls.ts'
import { makeIdentity, TestFolder } from '../support/certificates.ts'

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

  test.each([
    ['PEM, the certificates in any order', 'chain.pem'],
    ['PKCS#12 whose items have no names', 'chain.p12'],
    ['PKCS#12 as older tools write it', 'chain-legacy.p12'],
    ['PKCS#12 as Java writes it', 'chain-named.p12'],
    ['JKS', 'chain.jks'],
  ])('%s gives the whole chain, the own certificate first', (_what, name) => {
    const { cert, key } = loadListenerTls(files(name))
    const chain = String(cert).match(/-----BEGIN[\s\S]+?-----END CERTIFICATE-----/g) ?? []
    expect(chain.map(each => new X509Certificate(each).subject)).toEqual([
      'CN=gateway.test',
      'CN=Intermediate',
    ])
    expect(new X509Certificate(String(cert)).checkPrivateKey(createPrivateKey(String(key)))).toBe(true)
  })

  test('certificate and key may be two PEM files', async () => {
    using folder = new TestFolder()
    const { cert, key } = await makeIdentity(['two.test'])
    const keyFile = folder.write('tls.key', key)
    const tls = loadListenerTls(files('server.pem', { keyStore: folder.write('tls.crt', cert), keyFile }))
    expect(new X509Certificate(String(tls.cert)).subject).toBe('CN=two.test')
    expect(tls.source?.files).toEqual([join(folder.path, 'tls.crt'), keyFile])
  })

  test.each([
    ['of a PKCS#12 store', 'server.p12', { keyStorePassword: 'wrong' }, 'wrong password'],
    [
      'of a JKS store',
      'server.jks',
      { keyStorePassword: 'wrong', keyPassword: 'key-secret' },
      'wrong password',
    ],
    ['of the key in it', 'server.jks', { keyPassword: 'wrong' }, 'wrong password for its private key'],
    ['of a PEM key', 'server-encrypted.pem', { keyPassword: 'wrong' }, 'wrong password for its private key'],
  ])('a wrong password %s is called that', (_what, name, more, expected) => {
    expect(() => loadListenerTls(files(name, more))).toThrow(
      `key store ${store(name)} cannot be read: ${expected}`,
    )
  })

  test('a PEM key with a password that nobody gave says so', () => {
    expect(() => loadListenerTls(files('server-encrypted.pem', { keyStorePassword: undefined }))).toThrow(
      /its private key needs a password$/,
    )
  })

  test('a key that is not that of the certificate is told, with both files', async () => {
    using folder = new TestFolder()
    const [one, other] = [await makeIdentity(['one.test']), await makeIdentity(['other.test'])]
    const keyStore = folder.write('tls.crt', one.cert)
    const keyFile = folder.write('tls.key', other.key)
    expect(() => loadListenerTls(files('server.pem', { keyStore, keyFile }))).toThrow(
      `key store ${keyStore} cannot be used: the private key in ${keyFile} does not belong to its certificate CN=one.test`,
    )
    expect(() => loadListenerTls(files('server.pem', { keyStore: keyFile, keyFile: keyStore }))).toThrow(
      `key file ${keyStore} holds no private key`,
    )
  })

  test('a damaged certificate is told', () => {
    using folder = new TestFolder()
    const text = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
    const keyStore = folder.write('damaged.pem', text)
    expect(() => loadListenerTls(files('server.pem', { keyStore }))).toThrow(/it has a damaged certificate$/)
  })

  test('an entry can be chosen by its alias', () => {
    expect(() => loadListenerTls(files('chain.jks', { alias: 'SERVER' }))).not.toThrow()
    expect(() => loadListenerTls(files('chain.jks', { alias: 'nobody' }))).toThrow(
      /no entry nobody with a private key/,
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

  test.each([
    ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
    ['TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384', 'ECDHE-ECDSA-AES256-SHA384'],
    ['TLS_DHE_RSA_WITH_AES_128_CBC_SHA', 'DHE-RSA-AES128-SHA'],
    ['TLS_RSA_WITH_AES_128_CBC_SHA256', 'AES128-SHA256'],
    ['TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-RSA-CHACHA20-POLY1305'],
    ['TLS_AES_128_GCM_SHA256', 'TLS_AES_128_GCM_SHA256'],
  ])('%s of Java is %s', (java, openSsl) => {
    expect(cipherSuites(java)).toEqual({ openSsl, unknown: [] })
  })

  test('those that are not there are left out by name, unless none is left', () => {
    const list = ' SSL_RSA_WITH_RC4_128_MD5,\n TLS_RSA_WITH_AES_128_CBC_SHA, NONSENSE '
    expect(cipherSuites(list)).toEqual({
      openSsl: 'AES128-SHA',
      unknown: ['SSL_RSA_WITH_RC4_128_MD5', 'NONSENSE'],
    })
    expect(() => cipherSuites('NONSENSE')).toThrow('none of the cipher suites is offered: NONSENSE')
  })
})
