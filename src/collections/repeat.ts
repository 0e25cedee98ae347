import { randomInt } from 'node:crypto'
import { setTimeout as after } from 'node:timers/promises'
import type { ClientMessage, ConnectionItem } from './collection.ts'
import { Conversation, endText } from './conversation.ts'
import type { InputRow } from './input-rows.ts'
import type { OpenCollection } from './open-collection.ts'
import { observe } from './run-connection.ts'

/** How messages are repeated. */
export interface RepeatOptions {
  /** How many connections there are. */
  readonly connections: number
  /** How often the messages are sent: over each connection, or for each row of a sequence. */
  readonly repetitions: number
  /** How many iterations are under way at most. */
  readonly parallel: number
  /** The pause after an iteration, in milliseconds. */
  readonly delayMs: number
  /** How many iterations begin in a second at most. */
  readonly ratePerSecond: number | undefined
  /** Values for each iteration: rows in turn, or any row. */
  readonly rows: readonly InputRow[] | undefined
  readonly mode: 'sequential' | 'random'
  /** How long an answer may take where the message expects nothing else, in milliseconds; 0 waits for none. */
  readonly timeoutMs: number
}

/** What became of one iteration. */
export interface Iteration {
  /** From 1. */
  readonly iteration: number
  /** Which connection, from 1. */
  readonly connection: number
  /** Undefined where all went well. */
  readonly failure: string | undefined
  readonly startedAt: Date
  readonly durationMs: number
  readonly input: InputRow
}

/** What became of all. */
export interface Repetition {
  readonly iterations: readonly Iteration[]
  readonly durationMs: number
}

interface Seat {
  readonly number: number
  conversation: Conversation | undefined
}

/** Sends messages again and again over several connections, and measures how long their answers take. */
export async function repeat(
  open: OpenCollection,
  connection: ConnectionItem,
  messages: readonly ClientMessage[],
  options: RepeatOptions,
): Promise<Repetition> {
  const { connections, parallel, rows, mode } = options
  const total = (rows && mode === 'sequential' ? rows.length : connections) * options.repetitions
  const seats = Array.from(
    { length: connections },
    (_, i): Seat => ({ number: i + 1, conversation: undefined }),
  )
  // All are there before the first message, so that what is measured is messages.
  await Promise.all(seats.map(seat => seated(open, connection, seat).catch(() => {})))
  const free = [...seats]
  const iterations: Iteration[] = []
  const pace = new Pace(options.ratePerSecond)
  let begun = 0
  const start = performance.now()
  const runner = async (): Promise<void> => {
    while (begun < total) {
      const iteration = ++begun
      const input = inputOf(rows, mode, iteration)
      await pace.turn()
      const seat = free.shift()!
      iterations.push(await iterate(open, connection, messages, seat, iteration, input, options.timeoutMs))
      free.push(seat)
      if (options.delayMs > 0) await after(options.delayMs)
    }
  }
  await Promise.all(Array.from({ length: Math.min(parallel, connections) }, runner))
  const durationMs = performance.now() - start
  await Promise.all(
    seats.map(async ({ conversation }) => {
      conversation?.close(1000)
      await conversation?.closed
    }),
  )
  return { iterations: iterations.sort((a, b) => a.iteration - b.iteration), durationMs }
}

function inputOf(
  rows: readonly InputRow[] | undefined,
  mode: RepeatOptions['mode'],
  iteration: number,
): InputRow {
  if (!rows) return {}
  return rows[mode === 'random' ? randomInt(0, rows.length) : (iteration - 1) % rows.length]!
}

async function iterate(
  open: OpenCollection,
  connection: ConnectionItem,
  messages: readonly ClientMessage[],
  seat: Seat,
  iteration: number,
  input: InputRow,
  timeoutMs: number,
): Promise<Iteration> {
  const variables = open.variables.with(input)
  const startedAt = new Date()
  let start = performance.now()
  let failure: string | undefined
  try {
    const conversation = await seated(open, connection, seat)
    // What came unasked is no answer.
    conversation.forget()
    start = performance.now()
    for (const message of messages) {
      await conversation.send(await open.outgoing(message, variables), message.name)
      const received = await observe(conversation, message, variables, open.folder)
      if (received || timeoutMs === 0 || message.kind === 'ping') continue
      const answer = await conversation.next(timeoutMs)
      if (answer?.kind === 'close' && message.kind !== 'close') throw new Error(endText(answer))
      if (!answer)
        throw new Error(conversation.end ? endText(conversation.end) : `no answer within ${timeoutMs} ms`)
    }
  } catch (error) {
    failure = variables.masked((error as Error).message)
    // An answer that comes late after all is not to be taken for that of the next iteration.
    seat.conversation?.terminate()
  }
  const durationMs = performance.now() - start
  return { iteration, connection: seat.number, failure, startedAt, durationMs, input }
}

/** Gives the connection of a seat, opened anew where it is lost. */
async function seated(open: OpenCollection, connection: ConnectionItem, seat: Seat): Promise<Conversation> {
  if (seat.conversation?.isOpen) return seat.conversation
  seat.conversation = undefined
  seat.conversation = await Conversation.begin(open.plan(connection), { keepsRows: false }).opened
  return seat.conversation
}

/** Lets no more begin in a second than it may. */
class Pace {
  readonly #gapMs: number
  #next = 0

  constructor(ratePerSecond: number | undefined) {
    this.#gapMs = ratePerSecond === undefined ? 0 : 1000 / ratePerSecond
  }

  async turn(): Promise<void> {
    if (this.#gapMs === 0) return
    const now = performance.now()
    const mine = Math.max(now, this.#next)
    this.#next = mine + this.#gapMs
    if (mine > now) await after(mine - now)
  }
}
