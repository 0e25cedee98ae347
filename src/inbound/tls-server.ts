import { constants, randomBytes } from 'node:crypto'
import type { Server, TLSSocket, TlsOptions } from 'node:tls'
import type { Logger } from '../core/logger.ts'
import type { ListenerTlsOptions } from '../websocket/options.ts'
import { clientAddress } from './client-address.ts'
import { rememberCertificate } from './client-certificate.ts'

/** Gives the options of a TLS server. Clients cannot renegotiate, and the server says which cipher suite is taken. */
export function tlsServerOptions(tls: ListenerTlsOptions): TlsOptions {
  const { requireClientCertificate = false, asksClientCertificate = false, source: _source, ...rest } = tls
  return {
    ...rest,
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    requestCert: requireClientCertificate || asksClientCertificate,
    rejectUnauthorized: requireClientCertificate,
  }
}

/**
 * Checks the certificates that clients show: a connection whose certificate is of no authority here is cut before
 * anything is read from it. What kept a client out is logged.
 */
export function checkClients(server: Server, tls: ListenerTlsOptions, log: Logger): void {
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
    const reason = refusalOf(error, socket)
    const client = clientAddress({ socket })
    if (reason !== undefined) log.warn({ client, code: error.code }, `refused client ${client}: ${reason}`)
    else log.debug({ client, err: error }, `no TLS with client ${client}: ${error.message}`)
  })
  if (!tls.requireClientCertificate && !tls.asksClientCertificate) return
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    if (!socket.getPeerX509Certificate()) return
    if (socket.authorized) {
      rememberCertificate(socket)
      return
    }
    const client = clientAddress({ socket })
    log.warn({ client }, `refused client ${client}: ${untrusted(socket)}`)
    socket.destroy()
  })
}

/**
 * Serves other certificates to those who connect from now on. Connections that are there go on; a TLS session of
 * before is not resumed, for it was made with the authorities of before.
 */
export function renewTls(server: Server, tls: ListenerTlsOptions): void {
  server.setSecureContext(tlsServerOptions(tls))
  server.setTicketKeys(randomBytes(48))
}

/** Why a client without a good certificate was refused; undefined for what is no refusal of ours. */
function refusalOf(error: NodeJS.ErrnoException, socket: TLSSocket): string | undefined {
  if (error.code === 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE') return 'it showed no certificate'
  return socket.authorizationError ? untrusted(socket) : undefined
}

function untrusted(socket: TLSSocket): string {
  const { authorizationError: error } = socket as { authorizationError: Error | string | null }
  const reason = error instanceof Error ? error.message : String(error ?? 'unknown authority')
  return `its certificate is not trusted (${reason})`
}
