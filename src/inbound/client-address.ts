import type { IncomingMessage } from 'node:http'
import type { TrustedProxies } from './trusted-proxies.ts'

/**
 * Gives the address a request came from, or, where it came by a proxy that is trusted, the one that proxy says. One
 * that IPv4 wrote in IPv6 (`::ffff:10.0.0.1`) is given as IPv4.
 */
export function clientAddress(request: Pick<IncomingMessage, 'socket'>): string
export function clientAddress(request: IncomingMessage, proxies: TrustedProxies | undefined): string
export function clientAddress(
  request: Pick<IncomingMessage, 'socket'> & Partial<IncomingMessage>,
  proxies?: TrustedProxies,
): string {
  const forwarded = proxies?.forwarded(request as IncomingMessage)
  return forwarded?.address ?? (request.socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/i, '')
}
