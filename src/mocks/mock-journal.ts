import { placeOf } from '../language/source.ts'
import type { MockSet } from './mock-set.ts'

/** A message or request that came to a mock. */
export interface ReceivedByMock {
  /** `ws`, or the method of the request. */
  readonly kind: string
  /** The path it came to. */
  readonly path: string
  readonly text: string
  /** Whether something in the mock was meant for it. */
  readonly isMatched: boolean
}

/** A pattern or endpoint that nothing came for. */
export interface UnusedMock {
  /** What it is: `ws /ws/echo ping`, `GET /orders/:id`. */
  readonly what: string
  /** Where it is written: file, line and column. */
  readonly place: string
}

/** Messages that are kept for who asks. */
const MOST_KEPT = 10_000
/** Characters of each that are kept. */
const MOST_CHARS = 100_000

/** Remembers what came to a mock, and what nothing came for. */
export class MockJournal {
  /** How many messages and requests came, and how many nothing was meant for. */
  received = 0
  unmatched = 0
  readonly #keeps: boolean
  readonly #kept: ReceivedByMock[] = []
  readonly #tell: ((entry: ReceivedByMock) => void) | undefined

  /** `keeps` says whether the messages are kept; `tell` hears of each that comes. */
  constructor(keeps: boolean, tell?: (entry: ReceivedByMock) => void) {
    this.#keeps = keeps
    this.#tell = tell
  }

  /** Notes what came. */
  note(kind: string, path: string, text: string, isMatched: boolean): void {
    this.received++
    if (!isMatched) this.unmatched++
    if (!this.#keeps && !this.#tell) return
    const entry = { kind, path, text: text.slice(0, MOST_CHARS), isMatched }
    if (this.#keeps && this.#kept.length < MOST_KEPT) this.#kept.push(entry)
    this.#tell?.(entry)
  }

  /** What came, as far as it is kept. */
  get entries(): readonly ReceivedByMock[] {
    return this.#kept
  }

  /** Finds what nothing came for. */
  static unusedIn({ webSockets, endpoints }: MockSet): UnusedMock[] {
    const place = (span: Parameters<typeof placeOf>[0]): string => {
      const { file, line, column } = placeOf(span)
      return `${file}:${line}:${column}`
    }
    return [
      ...webSockets.flatMap(({ address: { path }, rules, used, span }) => [
        ...(used === 0 && rules.length === 0 ? [{ what: `ws ${path.text}`, place: place(span) }] : []),
        ...rules
          .filter(rule => rule.used === 0)
          .map(rule => ({ what: `ws ${path.text} ${rule.pattern.text}`, place: place(rule.span) })),
      ]),
      ...endpoints
        .filter(({ used }) => used === 0)
        .map(({ method, address: { path }, span }) => ({
          what: `${method} ${path.text}`,
          place: place(span),
        })),
    ]
  }
}
