import { ClientSession } from './client-session.ts'
import { clientFrame, FIN, OPCODE, prose } from './frames.ts'
import { allAnswered, type Generator, type GeneratorOptions, inTurns, Problems } from './generator.ts'

/**
 * Loads a subject with WebSocket messages. All frames are made before: an answer costs this process a look at a
 * header, and all the answers found in one read cost one write of as many new messages.
 */
export class WebSocketGenerator implements Generator {
  answered = 0
  readonly #problems = new Problems()
  readonly #sessions: readonly ClientSession[]
  /** At index n, n frames in a row. */
  readonly #batches: readonly Buffer[]
  readonly #depth: number
  #sending = false

  constructor({ url, connections, size, depth, binary }: GeneratorOptions) {
    const opcode = binary ? OPCODE.binary : OPCODE.text
    const frame = clientFrame(opcode, prose(size))
    const frames = Buffer.concat(Array.from({ length: depth }, () => frame))
    this.#batches = Array.from({ length: depth + 1 }, (_, n) => frames.subarray(0, n * frame.length))
    this.#depth = depth
    // One buffer for all sockets: what is read is looked through before the next read.
    const buffer = Buffer.allocUnsafeSlow(256 * 1024)
    const first = FIN | opcode
    this.#sessions = Array.from(
      { length: connections },
      () =>
        new ClientSession({ url, buffer, first, size, answers: this.#answers, problem: this.#problems.add }),
    )
  }

  get problems(): readonly string[] {
    return this.#problems.list
  }

  async open(): Promise<void> {
    await inTurns(this.#sessions, session => session.open())
  }

  async askOnce(): Promise<void> {
    await inTurns(this.#sessions, async session => {
      const answer = session.nextAnswer()
      session.send(this.#batches[1]!, 1)
      await answer
    })
  }

  start(): void {
    this.#sending = true
    for (const session of this.#sessions) session.send(this.#batches[this.#depth]!, this.#depth)
  }

  async drain(limitMs: number): Promise<void> {
    this.#sending = false
    const owed = (): number => this.#sessions.reduce((sum, session) => sum + session.owed, 0)
    await allAnswered(owed, limitMs, this.#problems.add)
  }

  readonly #answers = (session: ClientSession, count: number): void => {
    this.answered += count
    if (this.#sending) session.send(this.#batches[count]!, count)
  }
}
