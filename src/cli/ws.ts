import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import type { Connection } from '../websocket/connection.ts'
import { type DialError, type DialEvents, dial } from '../websocket/dial.ts'
import { closeLine, connectFailure, messageLine, requestHeaders } from './ws-lines.ts'

/** Options of `myelin ws`. */
export interface WsOptions {
  /** Each `Name: value`. */
  readonly header?: readonly string[]
  readonly subprotocol?: readonly string[]
  /** Files to send as binary messages before the first line. */
  readonly binary?: readonly string[]
  readonly once?: boolean
  readonly insecure?: boolean
  /** How long the link must be quiet after the end of input, in milliseconds. Default 500. */
  readonly wait?: number
}

const DEFAULT_QUIET_MS = 500
/** Answers that keep coming do not keep the client for longer than this after the end of input. */
const LONGEST_WAIT_MS = 5_000
/** Lines are read on when less than this waits to be sent. */
const MAX_BUFFERED_BYTES = 1024 * 1024

/**
 * Talks to a WebSocket by hand: lines of standard input go out as text messages, what comes in is printed. Gives the
 * exit code: 0 when it ended as wished, 1 when the connection failed or the server closed it with an error.
 */
export async function ws(url: string, options: WsOptions): Promise<number> {
  const binaries = await Promise.all((options.binary ?? []).map(readBinary))
  const conversation = new Conversation(url, options, binaries)
  const dialing = dial(
    url,
    {
      headers: requestHeaders(options.header ?? []),
      subprotocols: options.subprotocol,
      closeTimeoutMs: 2_000,
      ...(options.insecure && { tls: { verify: false, verifyHostName: false } }),
    },
    conversation,
  )
  const interrupt = (): void => {
    dialing.abort()
    conversation.interrupt()
  }
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  try {
    return await conversation.exitCode
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
}

async function readBinary(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (error) {
    throw new Error(`cannot read ${file}: ${(error as Error).message}`)
  }
}

class Conversation implements DialEvents {
  readonly #url: string
  readonly #options: WsOptions
  readonly #binaries: readonly Buffer[]
  readonly #ended = Promise.withResolvers<number>()
  readonly #inputEnd = new AbortController()
  readonly #isOnTerminal = process.stdin.isTTY && process.stdout.isTTY
  #connection: Connection | undefined
  /** Set once this side has begun to close: what to exit with. */
  #wishedExitCode: number | undefined
  /** Sends on after the link was behind. */
  #goOn: (() => void) | undefined
  #quiet: NodeJS.Timeout | undefined
  #longest: NodeJS.Timeout | undefined

  constructor(url: string, options: WsOptions, binaries: readonly Buffer[]) {
    this.#url = url
    this.#options = options
    this.#binaries = binaries
  }

  get exitCode(): Promise<number> {
    return this.#ended.promise
  }

  onOpen(connection: Connection): void {
    this.#connection = connection
    if (this.#isOnTerminal) console.error('connected: each line is sent as a message, Ctrl-D ends')
    this.#sendAll(connection).catch(error => {
      connection.terminate()
      this.#ended.reject(error)
    })
  }

  onFailed(error: DialError): void {
    if (error.failure !== 'aborted') console.error(`myelin: ${connectFailure(this.#url, error)}`)
    this.#ended.resolve(1)
  }

  onMessage(data: Buffer, isBinary: boolean): void {
    if (this.#wishedExitCode !== undefined) return
    console.log(messageLine('<', data, isBinary))
    if (this.#options.once) this.#leave(0)
    else this.#quiet?.refresh()
  }

  onDrain(): void {
    this.#goOn?.()
  }

  onClose(code: number, reason: string, failure?: Error): void {
    this.#stopWaiting()
    this.#goOn?.()
    if (this.#wishedExitCode !== undefined) {
      this.#ended.resolve(this.#wishedExitCode)
      return
    }
    console.log(closeLine(code, reason, failure))
    if (this.#options.once) console.error('myelin: the server closed the connection before a message came')
    this.#ended.resolve(!this.#options.once && (code === 1000 || code === 1001) ? 0 : 1)
  }

  /** Ctrl-C: closes properly, or at once when asked again. */
  interrupt(): void {
    // The shell's prompt should not follow the ^C.
    if (this.#isOnTerminal) console.log()
    if (this.#wishedExitCode === undefined) this.#leave(this.#options.once ? 1 : 0)
    else this.#connection?.terminate()
  }

  async #sendAll(connection: Connection): Promise<void> {
    for (const data of this.#binaries) await this.#send(connection, data, true)
    // Not before the binary files are sent: a reader that is not listened to loses lines.
    const lines = createInterface({ input: process.stdin, signal: this.#inputEnd.signal })
    for await (const line of lines) await this.#send(connection, Buffer.from(line), false)
    if (connection.isOpen) this.#awaitAnswers()
  }

  async #send(connection: Connection, data: Buffer, isBinary: boolean): Promise<void> {
    if (!connection.isOpen) return
    connection.send(data, isBinary)
    // On a terminal the typed line is on the screen already.
    if (isBinary || !this.#isOnTerminal) console.log(messageLine('>', data, isBinary))
    if (connection.bufferedBytes > MAX_BUFFERED_BYTES) {
      await new Promise<void>(resolve => {
        this.#goOn = resolve
      })
    }
  }

  #awaitAnswers(): void {
    const quietMs = this.#options.wait ?? DEFAULT_QUIET_MS
    const longestMs = Math.max(LONGEST_WAIT_MS, quietMs)
    if (!this.#options.once) {
      this.#quiet = setTimeout(() => this.#leave(0), quietMs)
      this.#longest = setTimeout(() => this.#leave(0), longestMs)
      return
    }
    const firstMs = this.#options.wait ?? LONGEST_WAIT_MS
    this.#longest = setTimeout(() => {
      console.error(
        `myelin: no message came within ${firstMs} ms after the end of input; --wait waits longer`,
      )
      this.#leave(1)
    }, firstMs)
  }

  #leave(exitCode: number): void {
    this.#wishedExitCode = exitCode
    this.#stopWaiting()
    this.#connection?.close(1000)
  }

  #stopWaiting(): void {
    clearTimeout(this.#quiet)
    clearTimeout(this.#longest)
    this.#inputEnd.abort()
  }
}
