import { clearLine, createInterface, cursorTo, type Interface } from 'node:readline'
import { Conversation, type Row } from '../collections/conversation.ts'
import type { Outgoing } from '../collections/outgoing.ts'
import { ABNORMAL } from '../websocket/close-codes.ts'
import { closeLine, controlLine, failureLines, handshakeLines, messageLine } from './ws-lines.ts'
import { type WsOptions, type WsPlan, wsPlan } from './ws-plan.ts'
import { saveConversation, saveMessage, savesOf } from './ws-save.ts'
import { wordOf } from './ws-words.ts'

const DEFAULT_QUIET_MS = 500
/** Answers that keep coming do not keep the client for longer than this after the end of input. */
const LONGEST_WAIT_MS = 5_000

/**
 * Talks to a WebSocket by hand: lines of standard input go out as text messages, what comes in is printed. Gives the
 * exit code: 0 when it ended as wished, 1 when the connection failed or the server closed it with an error.
 */
export async function ws(url: string | undefined, options: WsOptions): Promise<number> {
  const saves = savesOf(options)
  const plan = await wsPlan(url, options)
  const talk = new Talk(plan, options)
  const interrupt = (): void => talk.interrupt()
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  try {
    const exitCode = await talk.exitCode()
    for (const { number, file } of saves) await saveMessage(talk.conversation, number, file)
    return exitCode
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
    if (options.saveConversation !== undefined)
      await saveConversation(
        talk.conversation,
        options.saveConversation,
        options.withSecrets ? undefined : plan.open?.variables,
      )
  }
}

class Talk {
  readonly conversation: Conversation
  readonly #plan: WsPlan
  readonly #options: WsOptions
  readonly #ended = Promise.withResolvers<number>()
  readonly #inputEnd = new AbortController()
  readonly #isOnTerminal = process.stdin.isTTY && process.stdout.isTTY
  readonly #takesWords: boolean
  /** Whether what is sent now was typed, and stands on the screen already. */
  #isTyped = false
  /** Set once this side has begun to close of itself: what to exit with. */
  #wishedExitCode: number | undefined
  /** Whether this side was told to close: what comes up to the end is shown. */
  #isToldToClose = false
  /** Where lines are typed. */
  #prompt: Interface | undefined
  #quiet: NodeJS.Timeout | undefined
  #longest: NodeJS.Timeout | undefined

  constructor(plan: WsPlan, options: WsOptions) {
    this.#plan = plan
    this.#options = options
    this.#takesWords = options.words ?? (this.#isOnTerminal || plan.open !== undefined)
    const keepsRows =
      plan.open !== undefined ||
      this.#takesWords ||
      options.saveConversation !== undefined ||
      options.saveMessage !== undefined
    this.conversation = Conversation.begin(plan.plan, {
      onRow: row => this.#show(row),
      keepsRows,
      hasNext: false,
    })
  }

  async exitCode(): Promise<number> {
    try {
      await this.conversation.opened
    } catch {
      return 1
    }
    this.#sendAll().catch(error => {
      this.conversation.terminate()
      this.#ended.reject(error)
    })
    return await this.#ended.promise
  }

  /** Ctrl-C: closes properly, or at once when asked again. */
  interrupt(): void {
    // The shell's prompt should not follow the ^C.
    if (this.#isOnTerminal) console.log()
    const { isOpen, isReconnecting } = this.conversation
    if ((isOpen || isReconnecting) && this.#wishedExitCode === undefined)
      this.#leave(this.#options.once ? 1 : 0)
    else this.conversation.terminate()
  }

  /** Says what happens to the connection, where messages are not. */
  #tell(line: string): void {
    this.#clearTyped()
    console.error(this.#plan.masked(line))
    this.#prompt?.prompt(true)
  }

  /** What is being typed goes on below. */
  #clearTyped(): void {
    if (!this.#prompt) return
    clearLine(process.stdout, 0)
    cursorTo(process.stdout, 0)
  }

  #show(row: Row): void {
    const { kind, direction, data, code = 0, text = '' } = row
    if (kind === 'close' && direction !== 'sent') {
      this.#closed(row)
      return
    }
    if (this.#wishedExitCode !== undefined) return
    if (direction === 'sent') {
      // On a terminal the typed line is on the screen already.
      if (this.#isTyped && this.#isOnTerminal) return
      if (kind === 'close') this.#print(closeLine(code, text, undefined, '>'))
      else if (kind === 'ping') this.#print(controlLine('>', kind, data!))
      else if (data) this.#print(messageLine('>', data, kind === 'binary'))
    } else if (direction === 'received') {
      if (kind === 'text' || kind === 'binary') this.#received(data!, kind === 'binary')
      else if (this.#options.showControlFrames || (kind === 'pong' && this.#takesWords))
        this.#print(controlLine('<', kind, data!))
    } else if (kind === 'open') {
      if (!this.#options.once) this.#tell(`Connected to ${text}`)
      if (this.#options.verbose)
        for (const line of handshakeLines(this.conversation.handshake!)) this.#tell(line)
    } else if (kind === 'attempt') {
      const { waiting } = this.conversation
      this.#tell(`Connecting again: ${text}${waiting > 0 ? `; ${waiting} to be sent` : ''}`)
    } else if (kind === 'failure' && row.failure && row.failure.step !== 'interrupted') {
      const { url } = this.#plan.plan
      this.#tell(`myelin: ${failureLines(url, text, row.failure, this.#options.verbose === true)}`)
    }
  }

  #print(line: string): void {
    this.#clearTyped()
    console.log(this.#plan.masked(line))
    this.#prompt?.prompt(true)
  }

  #received(data: Buffer, isBinary: boolean): void {
    this.#print(messageLine('<', data, isBinary))
    if (this.#options.once) this.#leave(0)
    else this.#quiet?.refresh()
  }

  #closed({ code = 0, text = '', direction }: Row): void {
    if (!this.conversation.end) {
      // It is opened again.
      this.#print(
        closeLine(code, direction === 'here' ? '' : text, direction === 'here' ? new Error(text) : undefined),
      )
      return
    }
    this.#stopWaiting()
    if (this.#wishedExitCode !== undefined) {
      this.#ended.resolve(this.#wishedExitCode)
      return
    }
    const failure = direction === 'here' ? new Error(text) : undefined
    this.#print(closeLine(code, failure ? '' : text, failure))
    if (this.#isToldToClose) {
      this.#ended.resolve(code === ABNORMAL ? 1 : 0)
      return
    }
    if (this.#options.once) console.error('myelin: the server closed the connection before a message came')
    this.#ended.resolve(!this.#options.once && (code === 1000 || code === 1001) ? 0 : 1)
  }

  async #sendAll(): Promise<void> {
    for (const { name, outgoing } of this.#plan.first) {
      const ready = await outgoing()
      // What was closed needs no further messages; the end is told as any other.
      if (this.conversation.end) return
      await this.#sendOut(ready, name)
      if (ready.kind === 'close') return
    }
    // Not before these are sent: a reader that is not listened to loses lines.
    const lines = createInterface({
      input: process.stdin,
      signal: this.#inputEnd.signal,
      ...(this.#isOnTerminal && { output: process.stdout, prompt: '> ' }),
    })
    if (this.#isOnTerminal) {
      this.#prompt = lines
      lines.on('SIGINT', () => this.interrupt()).prompt()
    }
    for await (const line of lines) {
      if (!this.#isThere) break
      this.#isTyped = true
      await this.#line(line)
      this.#isTyped = false
      this.#prompt?.prompt()
    }
    this.#prompt = undefined
    if (this.#isThere) this.#awaitAnswers()
  }

  /** Whether something can be sent, now or when the connection is open again. */
  get #isThere(): boolean {
    return this.conversation.isOpen || this.conversation.isReconnecting
  }

  async #line(line: string): Promise<void> {
    const word = this.#takesWords
      ? wordOf(line, this.#options.words === true)
      : { do: 'text' as const, text: line }
    try {
      switch (word.do) {
        case 'text':
          await this.conversation.send({ kind: 'text', data: Buffer.from(word.text) })
          return
        case 'ping':
          await this.conversation.send({ kind: 'ping', data: Buffer.from(word.text) })
          return
        case 'close':
          await this.#sendOut({ kind: 'close', code: word.code, reason: word.reason })
          return
        case 'send': {
          if (!this.#plan.messages)
            throw new Error('/send takes a message of a collection: give --collection')
          this.#isTyped = false
          const { name, outgoing } = this.#plan.messages(word.name)
          await this.#sendOut(await outgoing(), name)
          return
        }
        case 'save':
          await saveMessage(this.conversation, word.number, word.file)
          return
        case 'wrong':
          throw new Error(word.what)
      }
    } catch (error) {
      // A word that cannot be followed ends nothing.
      console.error(`myelin: ${this.#plan.masked((error as Error).message)}`)
    }
  }

  async #sendOut(outgoing: Outgoing, name?: string): Promise<void> {
    await this.conversation.send(outgoing, name)
    if (outgoing.kind !== 'close') return
    this.#isToldToClose = true
    this.#stopWaiting()
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
    this.conversation.close(1000)
  }

  #stopWaiting(): void {
    clearTimeout(this.#quiet)
    clearTimeout(this.#longest)
    this.#inputEnd.abort()
  }
}
