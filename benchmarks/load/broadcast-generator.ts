import { ClientSession } from './client-session.ts'
import { clientFrame, FIN, OPCODE, prose } from './frames.ts'
import { allAnswered, type Generator, type GeneratorOptions, inTurns, Problems } from './generator.ts'

/**
 * Loads a subject that sends each message to all its clients: one of them speaks, and speaks again when everybody has
 * heard it. Each message that anybody gets counts as an answer.
 */
export class BroadcastGenerator implements Generator {
  answered = 0
  readonly #problems = new Problems()
  readonly #sessions: readonly ClientSession[]
  readonly #frame: Buffer
  /** How many have not heard what was said last. */
  #owed = 0
  #isSpeaking = false

  constructor({ url, connections, size, binary }: GeneratorOptions) {
    const opcode = binary ? OPCODE.binary : OPCODE.text
    this.#frame = clientFrame(opcode, prose(size))
    // One buffer for all sockets: what is read is looked through before the next read.
    const buffer = Buffer.allocUnsafeSlow(256 * 1024)
    const session = { url, buffer, first: FIN | opcode, size, problem: this.#problems.add }
    const answers = (_session: ClientSession, count: number): void => this.#heard(count)
    this.#sessions = Array.from({ length: connections }, () => new ClientSession({ ...session, answers }))
  }

  get problems(): readonly string[] {
    return this.#problems.list
  }

  async open(): Promise<void> {
    await inTurns(this.#sessions, session => session.open())
  }

  async askOnce(): Promise<void> {
    this.#speak()
    await this.drain(10_000)
  }

  start(): void {
    this.#isSpeaking = true
    this.#speak()
  }

  async drain(limitMs: number): Promise<void> {
    this.#isSpeaking = false
    await allAnswered(() => this.#owed, limitMs, this.#problems.add)
  }

  #speak(): void {
    this.#owed = this.#sessions.length
    this.#sessions[0]!.send(this.#frame, 0)
  }

  #heard(count: number): void {
    this.answered += count
    this.#owed -= count
    if (this.#owed < 0) this.#problems.add('somebody heard a message twice')
    if (this.#owed === 0 && this.#isSpeaking) this.#speak()
  }
}
