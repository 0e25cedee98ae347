import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import type { Logger } from '../core/logger.ts'
import { clientAddress } from './client-address.ts'

/** What a client is told whose request cannot be read. */
const ANSWERS: Readonly<Record<string, readonly [status: number, phrase: string, message: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'the request took too long to come in'],
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'the head of the request is too large'],
}
const BAD_REQUEST = [400, 'Bad Request', 'the request is no HTTP'] as const

/**
 * Answers what is no request, or not in time, and closes the connection. On one where nothing was asked yet nothing is
 * answered: browsers and pools open some before they need them, and would take it for the answer to their first request.
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket, log: Logger): void {
  const { code = '' } = error
  if (code === 'ECONNRESET' || socket.destroyed) return
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT' && socket.bytesRead === 0) {
    socket.destroy()
    return
  }
  const [status, phrase, message] = ANSWERS[code] ?? BAD_REQUEST
  const id = randomUUID()
  log.warn({ id, status, code, client: clientAddress({ socket }) }, `refused a request: ${message}`)
  const body = JSON.stringify({ message, id })
  if (socket.writable)
    socket.write(
      `HTTP/1.1 ${status} ${phrase}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    )
  socket.destroy(error)
}
