import type { TransportStores } from '../deployment/transport-tls.ts'
import type { IdentityFiles } from '../inbound/keystore.ts'
import { oneOf, text } from '../language/types.ts'
import { boolean, type Setting, setting } from './setting.ts'

const optional = (doc: string): Setting<string | undefined> => setting(text, undefined, doc)

const TYPE = optional('Accepted; the file itself says what it is.')

/** The key stores and trust stores of the transports, beside `[keystore.tls]` and `[truststore]`. */
export const tlsSettings = {
  'keystore.tls.key_file_name': optional(
    'PEM file with the private key, where it is not in the key store. Not in the original.',
  ),
  'keystore.tls.alias': optional('The entry of the store to take; default the first with a private key.'),
  'keystore.tls.type': TYPE,
  'keystore.primary.file_name': optional('Key store that is used where `[keystore.tls]` names none.'),
  'keystore.primary.password': optional('Password of that store.'),
  'keystore.primary.key_password': optional('Password of its private key; default that of the store.'),
  'keystore.primary.alias': optional('The entry of it to take; default the first with a private key.'),
  'keystore.primary.type': TYPE,
  'truststore.type': TYPE,
  'truststore.alias': optional('Accepted; all certificates of the store count.'),
  'truststore.algorithm': optional('Accepted; it is no key that is taken from the store.'),
  'transport.http.listener.keystore.file_name': optional(
    'Key store with the certificate of the HTTPS transport: JKS, PKCS#12 or PEM; default that of `[keystore.tls]`.',
  ),
  'transport.http.listener.keystore.password': optional('Password of that store.'),
  'transport.http.listener.keystore.key_password': optional(
    'Password of its private key; default that of the store.',
  ),
  'transport.http.listener.keystore.key_file_name': optional(
    'PEM file with the private key, where it is not in the key store. Not in the original.',
  ),
  'transport.http.listener.keystore.type': TYPE,
  'transport.http.listener.truststore.file_name': optional(
    'Authorities that the certificates of HTTPS clients must come from: JKS, PKCS#12 or PEM; default those of `[truststore]`.',
  ),
  'transport.http.listener.truststore.password': optional('Password of that store.'),
  'transport.http.listener.truststore.type': TYPE,
  'transport.http.listener.verify_client': setting(
    oneOf('none', 'optional', 'require'),
    undefined,
    'Whether HTTPS clients must show a certificate of an authority in the trust store; with optional they may, and one that is of no such authority is refused.',
  ),
  'transport.http.sender.keystore.file_name': optional(
    'Key store with the certificate that https backends are shown when they ask for one; default that of `[keystore.tls]`.',
  ),
  'transport.http.sender.keystore.password': optional('Password of that store.'),
  'transport.http.sender.keystore.key_password': optional(
    'Password of its private key; default that of the store.',
  ),
  'transport.http.sender.keystore.key_file_name': optional(
    'PEM file with the private key, where it is not in the key store. Not in the original.',
  ),
  'transport.http.sender.keystore.type': TYPE,
  'transport.http.sender.truststore.file_name': optional(
    'Authorities for https backends: JKS, PKCS#12 or PEM; default those of `[truststore]`.',
  ),
  'transport.http.sender.truststore.password': optional('Password of that store.'),
  'transport.http.sender.truststore.type': TYPE,
  'transport.http.sender.hostname_verifier': setting(
    oneOf('Strict', 'Default', 'DefaultAndLocalhost', 'AllowAll'),
    'Strict',
    'Whether the certificate of an https backend must name its host: AllowAll lets any name pass.',
  ),
  'transport.wss.sender.keystore_location': optional(
    'Key store with the certificate that wss backends are shown when they ask for one: JKS, PKCS#12 or PEM. Not in the original.',
  ),
  'transport.wss.sender.keystore_password': optional('Password of that store.'),
  'transport.wss.sender.key_location': optional(
    'PEM file with the private key, where it is not in the key store. Not in the original.',
  ),
  'transport.wss.sender.key_password': optional('Password of its private key; default that of the store.'),
  'synapse_properties.inbound.port.offset.enable': setting(
    boolean,
    false,
    'Whether the port offset is added to the ports of HTTP inbound endpoints.',
  ),
} as const

/** Reads one setting, by its key. */
type Get = (key: string) => string | undefined

/** Says which files the transports take their certificates from. */
export function transportStores(get: Get): TransportStores {
  const identity = (key: string): IdentityFiles | undefined => {
    const keyStore = get(`${key}.file_name`)
    return keyStore === undefined
      ? undefined
      : {
          keyStore,
          keyStorePassword: get(`${key}.password`),
          keyPassword: get(`${key}.key_password`),
          keyFile: get(`${key}.key_file_name`),
          alias: get(`${key}.alias`),
        }
  }
  const trust = (key: string): TransportStores['httpTrust'] => {
    const path = get(`${key}.file_name`)
    return path === undefined ? undefined : { path, password: get(`${key}.password`) }
  }
  const shared = identity('keystore.tls')
  const primary = identity('keystore.primary')
  const wssStore = get('transport.wss.sender.keystore_location')
  const wssTrust = get('transport.wss.sender.truststore_location')
  const verify =
    get('transport.http.listener.verify_client') ?? get('transport.http.listener.secured_verify_client')
  const own = identity('transport.http.sender.keystore')
  const listener = identity('transport.http.listener.keystore') ?? shared
  return {
    listener: listener ?? primary,
    isListenerWanted: listener !== undefined,
    listenerTrust: trust('transport.http.listener.truststore') ?? trust('truststore'),
    clientCertificates: verify === 'require' || verify === 'optional' ? verify : undefined,
    protocols: get('transport.http.listener.secured_protocols') ?? 'TLS',
    ciphers: get('transport.http.listener.preferred_ciphers'),
    http: own ?? shared ?? primary,
    isHttpWanted: own !== undefined,
    httpTrust: trust('transport.http.sender.truststore') ?? trust('truststore'),
    webSocket:
      wssStore === undefined
        ? undefined
        : {
            keyStore: wssStore,
            keyStorePassword: get('transport.wss.sender.keystore_password'),
            keyPassword: get('transport.wss.sender.key_password'),
            keyFile: get('transport.wss.sender.key_location'),
          },
    webSocketTrust:
      wssTrust === undefined
        ? trust('truststore')
        : { path: wssTrust, password: get('transport.wss.sender.truststore_password') },
  }
}
