import type { Logger } from '../core/logger.ts'
import type { SessionAnswer } from './session-record.ts'

/** So many questions wait for answers at most; more are asked and not waited for. */
const MAX_WAITING = 10_000

/** What came of a question. */
export interface Answered {
  readonly answers: readonly SessionAnswer[]
  /** The processes that did not answer in time. */
  readonly unanswered: readonly string[]
}

interface Question {
  readonly missing: Set<string>
  readonly answers: SessionAnswer[]
  /** Processes that are not waited for. */
  readonly silent: readonly string[]
  readonly timer: NodeJS.Timeout
  readonly resolve: (answered: Answered) => void
}

/** A question, to be asked with its number. */
export interface Asked {
  readonly number: number
  readonly answered: Promise<Answered>
}

/**
 * Waits for what other processes answer, each within a short time. One that did not is not waited for again until it
 * is heard of, so that a process or a network that has stopped does not hold up every message.
 */
export class Answers {
  readonly #timeoutMs: number
  readonly #log: Logger
  readonly #questions = new Map<number, Question>()
  readonly #silent = new Set<string>()
  // Another process may still answer what a process of the same name asked before this one.
  #last = Math.floor(Math.random() * 1e9)

  /** Waits so many milliseconds. */
  constructor(timeoutMs: number, log: Logger) {
    this.#timeoutMs = timeoutMs
    this.#log = log
  }

  /** How many questions wait. */
  get size(): number {
    return this.#questions.size
  }

  /** Begins to wait for some processes. */
  ask(nodes: readonly string[]): Asked {
    const number = ++this.#last
    const isFull = this.#questions.size >= MAX_WAITING
    const silent = isFull ? nodes : nodes.filter(node => this.#silent.has(node))
    if (silent.length === nodes.length)
      return { number, answered: Promise.resolve({ answers: [], unanswered: silent }) }
    const missing = new Set(nodes)
    for (const node of silent) missing.delete(node)
    const { promise, resolve } = Promise.withResolvers<Answered>()
    const timer = setTimeout(() => this.#giveUp(number), this.#timeoutMs)
    this.#questions.set(number, { missing, answers: [], silent, timer, resolve })
    return { number, answered: promise }
  }

  /** Waits no more for what could not be asked. */
  withdraw(number: number): void {
    this.#end(number)
  }

  /** Takes an answer. */
  take(answer: SessionAnswer, from: string): void {
    const question = this.#questions.get(answer.number)
    if (!question?.missing.delete(from)) return
    question.answers.push(answer)
    if (question.missing.size === 0) this.#end(answer.number)
  }

  /** Notes that a process is there. */
  heard(from: string): void {
    if (this.#silent.delete(from)) this.#log.info({ process: from }, `process ${from} answers again`)
  }

  /** Ends all waiting. */
  stop(): void {
    for (const number of [...this.#questions.keys()]) this.#end(number)
  }

  #giveUp(number: number): void {
    for (const node of this.#questions.get(number)?.missing ?? []) {
      if (this.#silent.has(node)) continue
      this.#silent.add(node)
      const text = `process ${node} did not answer within ${this.#timeoutMs} ms; it is not waited for until it does`
      this.#log.warn({ process: node }, text)
    }
    this.#end(number)
  }

  #end(number: number): void {
    const question = this.#questions.get(number)
    if (!question) return
    this.#questions.delete(number)
    const { missing, answers, silent, timer, resolve } = question
    clearTimeout(timer)
    resolve({ answers, unanswered: [...missing, ...silent] })
  }
}
