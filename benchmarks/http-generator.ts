import { connect, type Socket } from 'node:net'
import { prose } from './frames.ts'
import { allAnswered, type Generator, type GeneratorOptions, inTurns, Problems } from './generator.ts'

const END_OF_HEAD = '\r\n\r\n'
const END_OF_CHUNKS = '0\r\n\r\n'

/** Loads a subject with POST requests over kept connections, one request at a time on each. Only 202 is a good answer. */
export class HttpGenerator implements Generator {
  answered = 0
  readonly #problems = new Problems()
  readonly #connections: readonly Connection[]
  readonly #request: Buffer
  #sending = false

  constructor({ url, connections, size, type }: GeneratorOptions) {
    const head = [
      `POST ${url.pathname}${url.search} HTTP/1.1`,
      `Host: ${url.host}`,
      `Content-Type: ${type}`,
      `Content-Length: ${size}`,
      END_OF_HEAD.slice(2),
    ].join('\r\n')
    this.#request = Buffer.concat([Buffer.from(head), prose(size)])
    this.#connections = Array.from(
      { length: connections },
      () => new Connection(url, this.#answer, this.#problems.add),
    )
  }

  get problems(): readonly string[] {
    return this.#problems.list
  }

  async open(): Promise<void> {
    await inTurns(this.#connections, connection => connection.open())
  }

  async askOnce(): Promise<void> {
    for (const connection of this.#connections) connection.send(this.#request)
    await this.drain(10_000)
  }

  start(): void {
    this.#sending = true
    for (const connection of this.#connections) connection.send(this.#request)
  }

  async drain(limitMs: number): Promise<void> {
    this.#sending = false
    const owed = (): number => this.#connections.filter(connection => connection.isWaiting).length
    await allAnswered(owed, limitMs, this.#problems.add)
  }

  readonly #answer = (connection: Connection, status: number): void => {
    if (status === 202) this.answered++
    else this.#problems.add(`answered ${status} instead of 202`)
    if (this.#sending) connection.send(this.#request)
  }
}

class Connection {
  isWaiting = false
  readonly #url: URL
  readonly #answer: (connection: Connection, status: number) => void
  readonly #problem: (text: string) => void
  #socket: Socket | undefined
  /** What has come of the present answer, latin1. */
  #text = ''

  constructor(
    url: URL,
    answer: (connection: Connection, status: number) => void,
    problem: (text: string) => void,
  ) {
    this.#url = url
    this.#answer = answer
    this.#problem = problem
  }

  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = connect(
        { host: this.#url.hostname, port: Number(this.#url.port), noDelay: true },
        resolve,
      )
      socket.on('error', reject)
      socket.on('close', () => this.#problem('the connection ended'))
      socket.setEncoding('latin1')
      socket.on('data', text => this.#read(String(text)))
      this.#socket = socket
    })
  }

  send(request: Buffer): void {
    this.isWaiting = true
    this.#socket?.write(request)
  }

  #read(text: string): void {
    this.#text += text
    if (!isWhole(this.#text)) return
    // "HTTP/1.1 202 …": the status is always in the same place (RFC 9112, 4).
    const status = Number(this.#text.slice(9, 12))
    this.#text = ''
    this.isWaiting = false
    this.#answer(this, status)
  }
}

/** Tells whether an answer's head and body are both there. */
function isWhole(answer: string): boolean {
  const head = answer.indexOf(END_OF_HEAD)
  if (head < 0) return false
  const body = head + END_OF_HEAD.length
  const length = /\r\ncontent-length: *(\d+)/i.exec(answer)
  if (length !== null) return answer.length >= body + Number(length[1])
  return /\r\ntransfer-encoding: *chunked/i.test(answer) ? answer.endsWith(END_OF_CHUNKS) : true
}
