import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import type { Logger } from '../core/logger.ts'
import type { RequestRules } from '../websocket/options.ts'
import { clientAddress } from './client-address.ts'
import { isAllAddress } from './request-rules.ts'

/** What a client is told whose request cannot be read. */
const ANSWERS: Readonly<Record<string, readonly [status: number, phrase: string, message: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'the request took too long to come in'],
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'the head of the request is too large'],
}
const URI_TOO_LONG = [414, 'URI Too Long', 'the address of the request is too long'] as const
const BAD_REQUEST = [400, 'Bad Request', 'the request is no HTTP'] as const

/**
 * Answers what is no request, or not in time, and closes the connection. On one where nothing was asked yet nothing is
 * answered: browsers and pools open some before they need them, and would take it for the answer to their first request.
 */
export function answerClientError(
  error: NodeJS.ErrnoException & { readonly rawPacket?: unknown },
  socket: Socket,
  { log, rules = {} }: { readonly log: Logger; readonly rules?: RequestRules | undefined },
): void {
  const { code = '' } = error
  if (code === 'ECONNRESET' || socket.destroyed) return
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT' && socket.bytesRead === 0) {
    socket.destroy()
    return
  }
  const isTooLong = code === 'HPE_HEADER_OVERFLOW' && isAllAddress(error.rawPacket, rules)
  const [status, phrase, message] = isTooLong ? URI_TOO_LONG : (ANSWERS[code] ?? BAD_REQUEST)
  const id = randomUUID()
  log.warn({ id, status, code, client: clientAddress({ socket }) }, `refused a request: ${message}`)
  const body = JSON.stringify({ message, id })
  const server = rules.server === undefined ? '' : `Server: ${rules.server}\r\n`
  if (socket.writable)
    socket.write(
      `HTTP/1.1 ${status} ${phrase}\r\n${server}Content-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    )
  socket.destroy(error)
}
