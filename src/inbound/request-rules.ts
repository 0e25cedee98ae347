import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { RequestRules } from '../websocket/options.ts'

/** Why a request is refused before anything else is done with it. */
export interface RuleRefusal {
  readonly status: 413 | 414 | 431 | 503
  readonly message: string
}

const URI_TOO_LONG: RuleRefusal = { status: 414, message: 'the address of the request is too long' }
const HEAD_TOO_LARGE: RuleRefusal = { status: 431, message: 'the header fields of the request are too large' }
const BODY_TOO_LARGE: RuleRefusal = { status: 413, message: 'the body of the request is too large' }
const TOO_MANY: RuleRefusal = { status: 503, message: 'too many requests wait on this connection' }

/** What stands around a header field besides its name and value: a colon, a blank, and the end of its line. */
const AROUND_FIELD = 4

/** Room for the method, the version, and what is between them. */
const AROUND_ADDRESS = 64

/** Gives the size of a head that a server has to read so that a request can be told what is wrong with it. */
export function readableHead(rules: RequestRules | undefined, maxHeaderBytes: number): number {
  const { maxUriBytes, maxHeaderBytes: own = maxHeaderBytes } = rules ?? {}
  if (maxUriBytes === undefined && rules?.maxHeaderBytes === undefined) return maxHeaderBytes
  return own + (maxUriBytes ?? maxHeaderBytes) + AROUND_ADDRESS
}

/** Says what of the request line and the header fields is larger than it may be. */
export function headRefusal(
  { url = '', rawHeaders, headers }: IncomingMessage,
  { maxUriBytes, maxHeaderBytes, maxBodyBytes }: RequestRules,
): RuleRefusal | undefined {
  if (maxUriBytes !== undefined && url.length > maxUriBytes) return URI_TOO_LONG
  if (maxHeaderBytes !== undefined && sizeOf(rawHeaders) > maxHeaderBytes) return HEAD_TOO_LARGE
  const length = headers['content-length']
  if (maxBodyBytes !== undefined && length !== undefined && Number(length) > maxBodyBytes)
    return BODY_TOO_LARGE
  return undefined
}

/** Whether a head that is larger than can be read is so because of its address: no line of it has come to its end. */
export function isAllAddress(packet: unknown, { maxUriBytes }: RequestRules): boolean {
  if (maxUriBytes === undefined || !Buffer.isBuffer(packet)) return false
  const end = packet.indexOf('\n')
  return (end < 0 || end > maxUriBytes) && /^[A-Z]+ \//.test(packet.toString('latin1', 0, 16))
}

function sizeOf(rawHeaders: readonly string[]): number {
  let size = (rawHeaders.length / 2) * AROUND_FIELD
  for (const text of rawHeaders) size += text.length
  return size
}

/** Holds the requests of a listener to its rules, before a service is looked for. */
export class RequestGate {
  readonly #rules: RequestRules
  readonly #waiting = new WeakMap<Socket, number>()

  constructor(rules: RequestRules) {
    this.#rules = rules
  }

  /** Lets a request in, or answers it and gives false. */
  admits(request: IncomingMessage, response: ServerResponse): boolean {
    const { server, keepsAlive } = this.#rules
    if (server !== undefined) response.setHeader('Server', server)
    if (keepsAlive === false) response.shouldKeepAlive = false
    const refusal = headRefusal(request, this.#rules) ?? this.#queued(request, response)
    if (refusal === undefined) return true
    response.writeHead(refusal.status, { 'Content-Type': 'application/json', Connection: 'close' })
    response.end(JSON.stringify({ message: refusal.message }))
    return false
  }

  /** Counts the requests of a connection whose answers are still to come: they are answered one after another. */
  #queued({ socket }: IncomingMessage, response: ServerResponse): RuleRefusal | undefined {
    const { maxPipelined } = this.#rules
    if (maxPipelined === undefined) return undefined
    const waiting = (this.#waiting.get(socket) ?? 0) + 1
    this.#waiting.set(socket, waiting)
    response.once('close', () => this.#waiting.set(socket, (this.#waiting.get(socket) ?? 1) - 1))
    return waiting > maxPipelined ? TOO_MANY : undefined
  }
}
