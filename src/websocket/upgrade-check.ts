import type { IncomingMessage } from 'node:http'

/** Why an upgrade is refused. */
export interface UpgradeProblem {
  readonly status: number
  readonly message: string
  /** A header that goes with it. */
  readonly header?: readonly [name: string, value: string]
}

/** Sixteen bytes in base64. */
const KEY = /^[+/0-9A-Za-z]{22}==$/

/** Whether a request asks for a WebSocket: one of the protocols it would change to (RFC 9110, 7.8), in any case. */
export function asksForWebSocket({ headers }: IncomingMessage): boolean {
  return (headers.upgrade ?? '').split(',').some(name => name.trim().toLowerCase() === 'websocket')
}

/** Says what is wrong with a request for an upgrade to WebSocket (RFC 6455, 4.2.1; RFC 9110, 7.8, of its body). */
export function upgradeProblem(request: IncomingMessage): UpgradeProblem | undefined {
  const { method, headers, httpVersionMajor: major, httpVersionMinor: minor } = request
  if (method !== 'GET')
    return { status: 405, message: 'only GET can ask for a WebSocket', header: ['Allow', 'GET'] }
  if (major < 1 || (major === 1 && minor < 1)) return { status: 400, message: 'a WebSocket needs HTTP/1.1' }
  if (headers['sec-websocket-version'] !== '13') {
    const header = ['Sec-WebSocket-Version', '13'] as const
    return { status: 426, message: 'the WebSocket version must be 13', header }
  }
  if (!KEY.test(headers['sec-websocket-key'] ?? ''))
    return {
      status: 400,
      message: 'the header Sec-WebSocket-Key must be there once, with 16 bytes in base64',
    }
  // What follows the head would be taken for frames.
  if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0)
    return { status: 400, message: 'a request for a WebSocket has no body' }
  if (countOf(request, 'host') !== 1) return { status: 400, message: 'the header Host must be there once' }
  return undefined
}

function countOf({ rawHeaders }: IncomingMessage, name: string): number {
  let count = 0
  for (let i = 0; i < rawHeaders.length; i += 2) if (rawHeaders[i]!.toLowerCase() === name) count++
  return count
}
