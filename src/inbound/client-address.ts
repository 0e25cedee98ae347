import type { IncomingMessage } from 'node:http'

/** Gives the address a request came from; one that IPv4 wrote in IPv6 (`::ffff:10.0.0.1`) as IPv4. */
export function clientAddress(request: Pick<IncomingMessage, 'socket'>): string {
  return (request.socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/i, '')
}
