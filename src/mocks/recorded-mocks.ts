import type { RecordedConversation, RecordedEvent } from '../core/recorded-conversation.ts'
import { type RecordedAnswer, type RecordedTurn, turnsOf } from '../core/recorded-turns.ts'
import { PathPattern } from './path-pattern.ts'

type Plain = Record<string, unknown>

/** How mocks are made of conversations. */
export interface RecordedMockOptions {
  /** Whether answers take as long as they took. */
  readonly withDelays: boolean
}

/** The values of a mock file, and what could not be put into it. */
export interface RecordedMocks {
  readonly items: readonly Plain[]
  readonly notes: readonly string[]
}

/**
 * Makes mocks that have the same conversations again: what the server said first greets, and what it answered to a
 * message answers the same message, in turn where that was not always the same.
 */
export function recordedMocks(
  conversations: readonly RecordedConversation[],
  options: RecordedMockOptions,
): RecordedMocks {
  const notes: string[] = []
  const byPath = Map.groupBy(conversations, ({ url }) => URL.parse(url)?.pathname ?? url)
  const items = [...byPath].flatMap(([path, group]) => {
    const problem = PathPattern.problem(path)
    if (problem || path.includes('/:') || path.endsWith('/*')) {
      notes.push(`${path} cannot be the path of a mock; it is left out`)
      return []
    }
    return [{ websocket: new MockMaking(options, notes).mock(path, group) }]
  })
  return { items, notes }
}

/** The mock of one path. */
class MockMaking {
  readonly #options: RecordedMockOptions
  readonly #notes: string[]
  readonly #state: Record<string, string> = {}

  constructor(options: RecordedMockOptions, notes: string[]) {
    this.#options = options
    this.#notes = notes
  }

  mock(path: string, conversations: readonly RecordedConversation[]): Plain {
    const subprotocols = [...new Set(conversations.map(each => each.subprotocol).filter(each => each !== ''))]
    const recorded = conversations.map(turnsOf)
    const greeting = this.#answers(recorded[0]!.greeting, path)
    const byMessage = new Map<string, readonly RecordedTurn[]>()
    for (const [i, { turns }] of recorded.entries())
      for (const [key, same] of Map.groupBy(turns, ({ event }) => keyOf(event))) {
        if (!byMessage.has(key)) byMessage.set(key, same)
        else if (JSON.stringify(same.map(sent)) !== JSON.stringify(byMessage.get(key)!.map(sent)))
          this.#notes.push(
            `${path}: conversation ${i + 1} has other answers to ${shown(same[0]!.event)}; those of the first are taken`,
          )
      }
    // A pattern of text takes bytes that are that text, too: those of bytes come first.
    const isBinary = (turns: readonly RecordedTurn[]): boolean => turns[0]!.event.kind === 'binary'
    const all = [...byMessage.values()]
    const rules = [...all.filter(isBinary), ...all.filter(each => !isBinary(each))].flatMap(turns =>
      this.#rules(turns, path),
    )
    return {
      path,
      ...(subprotocols.length > 0 && { subprotocols }),
      ...(Object.keys(this.#state).length > 0 && { state: this.#state }),
      ...(greeting.length > 0 && { 'on-connect': replyOf(greeting) }),
      ...(rules.length > 0 && { 'on-message': rules }),
    }
  }

  #rules(turns: readonly RecordedTurn[], path: string): Plain[] {
    const pattern = patternOf(turns[0]!.event)
    const answers = turns.map(turn => this.#answers(turn.answers, path))
    const [first = []] = answers
    if (new Set(turns.map(turn => JSON.stringify(sent(turn)))).size === 1)
      return [{ ...pattern, ...(first.length > 0 ? replyOf(first) : NO_ANSWER) }]
    if (answers.every(each => each.length === 1))
      return [{ ...pattern, 'in-turn': true, responses: answers.flat() }]
    const name = `turn-${Object.keys(this.#state).length + 1}`
    this.#state[name] = '1'
    return answers.map((each, i) => ({
      ...pattern,
      when: { [name]: String(i + 1) },
      set: { [name]: String(((i + 1) % answers.length) + 1) },
      ...(each.length > 0 && replyOf(each)),
    }))
  }

  #answers(answers: readonly RecordedAnswer[], path: string): unknown[] {
    return answers.flatMap(({ event, delayMs }) => {
      const answer = this.#answer(event, path)
      if (answer === undefined || !this.#options.withDelays || delayMs === 0) return answer ?? []
      return [{ delay: `${delayMs}ms`, ...(typeof answer === 'string' ? { text: answer } : answer) }]
    })
  }

  #answer({ kind, data, code, reason }: RecordedEvent, path: string): string | Plain | undefined {
    if (kind === 'binary') return { binary: data.toString('base64') }
    if (kind === 'text') {
      const text = data.toString()
      return text.includes('{{') ? { raw: text } : text
    }
    if (code === 1005) return { close: { code: 1000 } }
    if (code >= 1000 && code <= 4999 && ![1004, 1006, 1015].includes(code))
      return { close: { code, ...(reason !== '' && { reason }) } }
    this.#notes.push(`${path}: the connection was lost (${code}), which a mock does not do; it is left out`)
    return undefined
  }
}

/** A rule has to do something. */
const NO_ANSWER: Plain = { set: { 'last-unanswered': 'true' } }

function replyOf(answers: readonly unknown[]): Plain {
  return answers.length === 1 ? { response: answers[0] } : { responses: answers }
}

/** What was answered, whenever it was. */
function sent({ answers }: RecordedTurn): unknown[] {
  return answers.map(({ event: { kind, data, code, reason } }) => [
    kind,
    data.toString('base64'),
    code,
    reason,
  ])
}

function keyOf({ kind, data }: RecordedEvent): string {
  return `${kind} ${data.toString('base64')}`
}

function shown({ kind, data }: RecordedEvent): string {
  return kind === 'binary' ? `a binary message of ${data.length} bytes` : data.toString().slice(0, 60)
}

/** A message is compared as it was; JSON by its values, so that the pattern can be read and changed. */
function patternOf({ kind, data }: RecordedEvent): Plain {
  if (kind === 'binary') return { pattern: data.toString('base64'), kind: 'binary' }
  const text = data.toString()
  if (text.includes('{{')) {
    const escaped = text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
    return { pattern: escaped, kind: 'regex' }
  }
  const value = parsed(text)
  if (typeof value === 'object' && value !== null && isKept(text, value))
    return { pattern: value, match: 'exact' }
  return value === undefined && !/[\\^$.*+?()[\]{}|]/.test(text)
    ? { pattern: text }
    : { pattern: text, kind: 'text' }
}

/** Whether nothing is lost when a text is written as values: numbers may be too long, and keys there twice. */
function isKept(text: string, value: object): boolean {
  const bare = (json: string): string => json.replace(/("(?:[^"\\]|\\.)*")|\s+/g, '$1')
  return JSON.stringify(value) === bare(text)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
