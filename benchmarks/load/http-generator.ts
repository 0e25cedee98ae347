import { jsonOf } from './bodies.ts'
import { prose } from './frames.ts'
import { allAnswered, type Generator, type GeneratorOptions, inTurns, Problems } from './generator.ts'
import type { HttpAnswer } from './http-answer.ts'
import { HttpConnection, requestOf } from './http-connection.ts'

/**
 * Loads a subject with requests over kept connections, one request at a time on each. Answers have to have one
 * status and, where it is given, one length; asked for JSON, each connection has an id of its own that has to come back.
 */
export class HttpGenerator implements Generator {
  answered = 0
  readonly #problems = new Problems()
  readonly #callers: readonly Caller[]
  readonly #options: GeneratorOptions
  #sending = false

  constructor(options: GeneratorOptions) {
    const { url, connections, size, type, method, asks } = options
    this.#options = options
    const text = prose(size)
    this.#callers = Array.from({ length: connections }, (_, i) => {
      const id = `caller-${1000 + i}`
      const body = asks ? { bytes: jsonOf(id, size), type: 'application/json' } : { bytes: text, type }
      const caller: Caller = {
        request: requestOf(method, url, method === 'GET' ? undefined : body),
        ...(asks && { expected: `"id":"${id}"` }),
        connection: new HttpConnection({
          url,
          answer: answer => this.#answer(caller, answer),
          problem: this.#problems.add,
        }),
      }
      return caller
    })
  }

  get problems(): readonly string[] {
    return this.#problems.list
  }

  async open(): Promise<void> {
    await inTurns(this.#callers, ({ connection }) => connection.open())
  }

  async askOnce(): Promise<void> {
    for (const { connection, request } of this.#callers) connection.send(request)
    await this.drain(10_000)
  }

  start(): void {
    this.#sending = true
    for (const { connection, request } of this.#callers) connection.send(request)
  }

  async drain(limitMs: number): Promise<void> {
    this.#sending = false
    const owed = (): number => this.#callers.filter(({ connection }) => connection.isWaiting).length
    await allAnswered(owed, limitMs, this.#problems.add)
  }

  #answer({ connection, request, expected }: Caller, { status, body }: HttpAnswer): void {
    const wanted = this.#options
    if (status !== wanted.status) this.#problems.add(`answered ${status} instead of ${wanted.status}`)
    else if (wanted.answer !== undefined && body.length !== wanted.answer)
      this.#problems.add(`answered with ${body.length} bytes instead of ${wanted.answer}`)
    else if (expected !== undefined && !body.includes(expected))
      this.#problems.add(`asked with ${expected}, answered with ${body.slice(0, 80)}`)
    else this.answered++
    if (this.#sending) connection.send(request)
  }
}

interface Caller {
  readonly connection: HttpConnection
  readonly request: Buffer
  /** What the body of an answer has to contain. */
  readonly expected?: string
}
