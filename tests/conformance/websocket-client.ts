import { Client, type Closed, type Frame } from '../support/clients.ts'
import { bodyProblem, type Saved } from './body.ts'
import { excerpt, pause, Unmet, until } from './until.ts'

const DEFAULT_WITHIN_MS = 10_000

/** What a step about a connection says. */
export interface WebSocketStep {
  readonly id: string
  readonly connect?: string
  readonly protocols?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
  readonly send_text?: string
  readonly send_binary_base64?: string
  readonly send_ping?: unknown
  readonly send_text_repeat?: { unit: string; times: number; fragment_bytes?: number }
  readonly close?: { code?: number; reason?: string }
  readonly expect?: Readonly<Record<string, unknown>>
}

/** One WebSocket connection of a case, whose frames are taken one after the other. */
export class CaseConnection {
  readonly #client: Client
  readonly #url: string
  #taken = 0
  #pongs = 0
  #takenPongs = 0
  #closed: Closed | undefined
  #failure: (Error & { code?: string }) | undefined

  constructor(url: string, { protocols, headers }: Pick<WebSocketStep, 'protocols' | 'headers'>) {
    this.#url = url
    this.#client = new Client(url, {
      ...(protocols && protocols.length > 0 && { offer: protocols }),
      ...(headers && { headers: { ...headers } }),
      rejectUnauthorized: false,
      maxPayload: 0,
    })
    this.#client.webSocket.on('pong', () => this.#pongs++)
    this.#client.webSocket.on('error', error => {
      this.#failure = error
    })
    this.#client.closed.then(
      closed => {
        this.#closed = closed
      },
      () => {},
    )
  }

  /** Waits for the handshake, or for its failure where one is expected. */
  async opened(expected: Readonly<Record<string, unknown>>): Promise<void> {
    const { open = true, protocol, error, within_ms = DEFAULT_WITHIN_MS } = expected
    const { webSocket } = this.#client
    await until(Number(within_ms), () =>
      webSocket.readyState === webSocket.CONNECTING ? `${this.#url}: no end of the handshake` : undefined,
    )
    if (open !== (this.#failure === undefined)) {
      const got = this.#failure ? `it failed: ${describe(this.#failure)}` : 'it is open'
      throw new Unmet(`${this.#url}: expected the connection to ${open ? 'open' : 'fail'}, ${got}`)
    }
    if (!open && error !== undefined && error !== nameOf(this.#failure!))
      throw new Unmet(`${this.#url}: expected ${error}, got ${describe(this.#failure!)}`)
    const chosen = this.#client.subprotocol ?? null
    if (open && protocol !== undefined && protocol !== chosen)
      throw new Unmet(`${this.#url}: expected subprotocol ${protocol}, got ${chosen}`)
  }

  /** Does what a step says and sees what it expects. @throws Unmet when something else came, or nothing */
  async perform(step: WebSocketStep, saved: Saved): Promise<void> {
    const { webSocket } = this.#client
    const { send_text, send_binary_base64, send_ping, send_text_repeat, close, expect } = step
    if (send_text !== undefined) webSocket.send(send_text)
    if (send_binary_base64 !== undefined) webSocket.send(Buffer.from(send_binary_base64, 'base64'))
    if (send_ping !== undefined && send_ping !== false)
      webSocket.ping(typeof send_ping === 'string' ? send_ping : '')
    if (send_text_repeat) this.#sendRepeated(send_text_repeat)
    if (close) webSocket.close(close.code, close.reason)
    if (expect) await this.#see(expect, saved)
  }

  /** Cuts the connection. */
  cut(): void {
    this.#client[Symbol.dispose]()
  }

  #sendRepeated({ unit, times, fragment_bytes }: NonNullable<WebSocketStep['send_text_repeat']>): void {
    const { webSocket } = this.#client
    const data = Buffer.from(unit.repeat(times))
    const size = Math.max(1, fragment_bytes ?? data.length)
    for (let start = 0; start === 0 || start < data.length; start += size) {
      const fin = start + size >= data.length
      webSocket.send(data.subarray(start, start + size), { binary: false, compress: false, fin })
    }
  }

  async #see(expected: Readonly<Record<string, unknown>>, saved: Saved): Promise<void> {
    const { within_ms = DEFAULT_WITHIN_MS, ...wanted } = expected
    const withinMs = Number(within_ms)
    for (const [name, value] of Object.entries(wanted)) {
      switch (name) {
        case 'text':
          this.#checkText(value, await this.#next(withinMs, name))
          break
        case 'texts':
          await this.#texts(value as readonly string[], withinMs)
          break
        case 'binary_base64':
          this.#checkBinary(String(value), await this.#next(withinMs, name))
          break
        case 'pong':
          await until(withinMs, () =>
            this.#pongs > this.#takenPongs ? undefined : 'expected a pong, got none',
          )
          this.#takenPongs++
          break
        case 'closed':
          await this.#closing(value as Closed, withinMs)
          break
        case 'silent_ms':
          await this.#silence(Number(value))
          break
        default: {
          const frame = await this.#next(withinMs, name)
          const problem = bodyProblem({ [name]: value }, frame.data.toString(), saved)
          if (problem !== undefined) throw new Unmet(problem.replace(/^body/, 'frame'))
        }
      }
    }
  }

  async #next(withinMs: number, what: string): Promise<Frame> {
    const { all } = this.#client.received
    await until(withinMs, () => {
      if (all.length > this.#taken) return undefined
      const { code, reason } = this.#closed ?? {}
      return `expected a frame with ${what}, got none${code ? `; closed with ${code} ${reason}` : ''}`
    })
    return all[this.#taken++]!
  }

  async #texts(expected: readonly string[], withinMs: number): Promise<void> {
    const deadline = performance.now() + withinMs
    for (const text of expected) {
      this.#checkText(
        text,
        await this.#next(Math.max(0, deadline - performance.now()), `text ${excerpt(text)}`),
      )
    }
  }

  #checkText(expected: unknown, { data, isBinary }: Frame): void {
    if (isBinary || data.toString() !== expected)
      throw new Unmet(`expected text ${excerpt(expected)}, got ${frameShown({ data, isBinary })}`)
  }

  #checkBinary(expected: string, { data, isBinary }: Frame): void {
    if (!isBinary || !data.equals(Buffer.from(expected, 'base64')))
      throw new Unmet(`expected binary ${excerpt(expected)}, got ${frameShown({ data, isBinary })}`)
  }

  async #closing({ code, reason }: Partial<Closed>, withinMs: number): Promise<void> {
    await until(withinMs, () =>
      this.#closed ? undefined : `expected the connection to be closed with ${code}, it is open`,
    )
    const got = this.#closed!
    if ((code !== undefined && code !== got.code) || (reason !== undefined && reason !== got.reason)) {
      const wanted = [code, reason].filter(part => part !== undefined).join(' ')
      throw new Unmet(`expected the connection to be closed with ${wanted}, got ${got.code} ${got.reason}`)
    }
  }

  async #silence(ms: number): Promise<void> {
    await pause(ms)
    const frame = this.#client.received.all[this.#taken]
    if (frame) throw new Unmet(`expected no frame for ${ms} ms, got ${frameShown(frame)}`)
  }
}

function frameShown({ data, isBinary }: Frame): string {
  return isBinary ? `binary ${excerpt(data.toString('base64'))}` : `text ${excerpt(data.toString())}`
}

function nameOf({ code, message }: Error & { code?: string }): string {
  if (code === 'ECONNREFUSED') return 'connection-refused'
  return (code ?? message).toLowerCase()
}

function describe(error: Error & { code?: string }): string {
  return `${nameOf(error)} ${error.message}`
}
