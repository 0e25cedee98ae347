import { connect, type Socket } from 'node:net'
import { type HttpAnswer, readAnswer } from './http-answer.ts'

/** Says where a connection goes and who is told what comes back. */
export interface HttpConnectionOptions {
  readonly url: URL
  readonly answer: (answer: HttpAnswer, connection: HttpConnection) => void
  readonly problem: (text: string) => void
}

/** One kept HTTP connection on a bare socket, with one request at a time. */
export class HttpConnection {
  isWaiting = false
  readonly #options: HttpConnectionOptions
  #socket: Socket | undefined
  /** What has come of the present answer, latin1. */
  #text = ''

  constructor(options: HttpConnectionOptions) {
    this.#options = options
  }

  /** Connects; fails when that is refused. */
  open(): Promise<void> {
    const { url, problem } = this.#options
    return new Promise((resolve, reject) => {
      const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true }, resolve)
      socket.on('error', reject)
      socket.on('close', () => problem('the connection ended'))
      socket.setEncoding('latin1')
      socket.on('data', text => this.#read(String(text)))
      this.#socket = socket
    })
  }

  /** Sends a whole request. */
  send(request: Buffer): void {
    this.isWaiting = true
    this.#socket?.write(request)
  }

  #read(text: string): void {
    this.#text += text
    const answer = readAnswer(this.#text)
    if (answer === undefined) return
    this.#text = ''
    this.isWaiting = false
    this.#options.answer(answer, this)
  }
}

/** Gives the bytes of a request; without a body it says nothing of one. */
export function requestOf(method: string, url: URL, body?: { bytes: Buffer; type: string }): Buffer {
  const lines = [`${method} ${url.pathname}${url.search} HTTP/1.1`, `Host: ${url.host}`]
  if (body) lines.push(`Content-Type: ${body.type}`, `Content-Length: ${body.bytes.length}`)
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
  return body ? Buffer.concat([head, body.bytes]) : head
}
