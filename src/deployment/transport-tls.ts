import { safeVersions } from '../inbound/https-parameters.ts'
import { type IdentityFiles, MissingStore, readAuthorities, readIdentity } from '../inbound/keystore.ts'
import { concernsOf, dateConcern, type KeyStoreFiles, loadListenerTls } from '../inbound/listener-tls.ts'
import type { Diagnostics } from '../language/diagnostic.ts'
import type { Span } from '../language/source.ts'
import type { ClientTlsOptions, ListenerTlsOptions } from '../websocket/options.ts'

/** A trust store as the settings name it. */
export interface TrustFile {
  readonly path: string
  readonly password: string | undefined
}

/** The key stores and trust stores that the settings name for the transports. */
export interface TransportStores {
  readonly listener: IdentityFiles | undefined
  /** Whether the key store is named for it; else its absence is no mistake. */
  readonly isListenerWanted: boolean
  readonly listenerTrust: TrustFile | undefined
  readonly clientCertificates: 'require' | 'optional' | undefined
  readonly protocols: string
  readonly ciphers: string | undefined
  /** What https backends are shown that ask for a certificate. */
  readonly http: IdentityFiles | undefined
  /** Whether the key store is named for that; else its absence is no mistake. */
  readonly isHttpWanted: boolean
  readonly httpTrust: TrustFile | undefined
  readonly webSocket: IdentityFiles | undefined
  readonly webSocketTrust: TrustFile | undefined
}

/** Reads the certificate and authorities of the HTTPS transport, and reports what is wrong; undefined then. */
export function transportListenerTls(
  stores: TransportStores,
  diagnostics: Diagnostics,
  span: Span,
): ListenerTlsOptions | undefined {
  const { listener, listenerTrust, clientCertificates } = stores
  if (!listener) return undefined
  if (clientCertificates !== undefined && !listenerTrust) {
    const message = `Setting transport.http.listener.verify_client is ${clientCertificates}, and there is no trust store.`
    diagnostics.error(span, 'missing', message, 'Set file_name of [truststore].')
    return undefined
  }
  const files: KeyStoreFiles = {
    ...listener,
    trustStore: clientCertificates && listenerTrust?.path,
    trustStorePassword: listenerTrust?.password,
    ...(clientCertificates && { clientCertificates }),
    protocols: safeVersions(stores.protocols),
    ciphers: stores.ciphers,
  }
  try {
    const tls = loadListenerTls(files)
    for (const { code, message } of concernsOf(tls, files))
      diagnostics.warning(span, code, `HTTPS transport: ${message}.`)
    return tls
  } catch (error) {
    const { message } = error as Error
    if (error instanceof MissingStore && !stores.isListenerWanted)
      diagnostics.warning(span, 'bad-key-store', `The HTTPS transport does not listen: ${message}.`)
    else diagnostics.error(span, 'bad-key-store', `${message}.`)
    return undefined
  }
}

/** How backends are connected to with TLS, over HTTP and over WebSocket. */
export interface TransportClients {
  readonly http: ClientTlsOptions
  readonly webSocket: ClientTlsOptions
}

/** Reads what backends are checked against and what they are shown, and reports what is wrong. */
export function transportClientTls(
  stores: TransportStores,
  diagnostics: Diagnostics,
  span: Span,
): TransportClients {
  const told = new Set<string>()
  const attempt = <T>(isWanted: boolean, read: () => T): T | undefined => {
    try {
      return read()
    } catch (error) {
      const { message } = error as Error
      if (isWanted && !told.has(message)) diagnostics.error(span, 'bad-key-store', `${message}.`)
      told.add(message)
      return undefined
    }
  }
  const client = (
    files: IdentityFiles | undefined,
    isWanted: boolean,
    trust: TrustFile | undefined,
  ): ClientTlsOptions => {
    const ca = trust && attempt(true, () => readAuthorities(trust.path, trust.password))
    const identity = files && attempt(isWanted, () => readIdentity(files))
    const concern = isWanted && identity && dateConcern(identity, files.keyStore)
    if (concern) diagnostics.warning(span, 'expired-certificate', `Shown to backends: ${concern}.`)
    return { ...(ca !== undefined && { ca }), ...identity }
  }
  return {
    http: client(stores.http, stores.isHttpWanted, stores.httpTrust),
    webSocket: client(stores.webSocket, true, stores.webSocketTrust),
  }
}
