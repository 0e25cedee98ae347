import { placeOf, type Span } from './source.ts'

/** How much a finding matters: an error keeps the artifact from running, a warning and a note do not. */
export type Severity = 'error' | 'warning' | 'note'

/** A finding about a file. */
export interface Diagnostic {
  readonly severity: Severity
  /** What kind of finding, in lower case with hyphens; stable. */
  readonly code: string
  readonly message: string
  readonly span: Span
  /** What would be right. */
  readonly hint?: string
  /** Other places that belong to it. */
  readonly related?: readonly { readonly message: string; readonly span: Span }[]
}

/** A diagnostic as `--json` prints it. */
export interface DiagnosticRecord {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly severity: Severity
  readonly code: string
  readonly message: string
  readonly hint?: string
  readonly related?: readonly {
    readonly file: string
    readonly line: number
    readonly column: number
    readonly message: string
  }[]
}

/** Collects findings; everything that reads configuration reports here and goes on. */
export class Diagnostics {
  readonly #found: Diagnostic[] = []
  #errors = 0

  /** Adds a finding. */
  report(diagnostic: Diagnostic): void {
    this.#found.push(diagnostic)
    if (diagnostic.severity === 'error') this.#errors++
  }

  error(span: Span, code: string, message: string, hint?: string): void {
    this.report({ severity: 'error', code, message, span, hint })
  }

  warning(span: Span, code: string, message: string, hint?: string): void {
    this.report({ severity: 'warning', code, message, span, hint })
  }

  note(span: Span, code: string, message: string, hint?: string): void {
    this.report({ severity: 'note', code, message, span, hint })
  }

  /** How many errors were found so far. */
  get errors(): number {
    return this.#errors
  }

  /** All findings by file and place; the same finding at the same place once. */
  all(): Diagnostic[] {
    const seen = new Set<string>()
    return this.#found
      .filter(({ span, code, message }) => {
        const key = `${span.source.path}\0${span.start}\0${code}\0${message}`
        return !seen.has(key) && seen.add(key)
      })
      .sort((a, b) => compare(a.span.source.path, b.span.source.path) || a.span.start - b.span.start)
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Gives a finding as one flat record. */
export function toRecord({ span, severity, code, message, hint, related }: Diagnostic): DiagnosticRecord {
  return {
    ...placeOf(span),
    severity,
    code,
    message,
    ...(hint !== undefined && { hint }),
    ...(related && { related: related.map(other => ({ ...placeOf(other.span), message: other.message })) }),
  }
}

/** Writes a finding for people: place and code, the message, the line with a caret under the spot, the hint. */
export function format(diagnostic: Diagnostic): string {
  const { file, line, column } = placeOf(diagnostic.span)
  const lines = [
    `${file}:${line}:${column} ${diagnostic.severity} ${diagnostic.code}`,
    `  ${diagnostic.message}`,
    ...excerpt(diagnostic.span, line, column),
  ]
  for (const { message, span } of diagnostic.related ?? []) {
    const other = placeOf(span)
    lines.push(`  ${message}: ${other.file}:${other.line}:${other.column}`)
  }
  if (diagnostic.hint !== undefined) lines.push(`  ${diagnostic.hint}`)
  return lines.join('\n')
}

const SHOWN = 100

function excerpt({ source, start, end }: Span, line: number, column: number): string[] {
  const text = source.line(line).replaceAll('\t', ' ')
  // A long line is shown around the spot.
  const from = column > SHOWN - 20 ? column - 30 : 0
  const number = String(line)
  const carets = Math.max(1, Math.min(end - start, text.length - column + 1, SHOWN - (column - 1 - from)))
  return [
    `  ${number} | ${text.slice(from, from + SHOWN)}`,
    `  ${' '.repeat(number.length)} | ${' '.repeat(column - 1 - from)}${'^'.repeat(carets)}`,
  ]
}

/** Names with more letters wrong than this are other names, however long they are. */
const MOST_MISTAKES = 3

/** Finds the name most like a mistyped one; undefined when none is near. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined
  let bestDistance = Math.min(MOST_MISTAKES, Math.max(1, Math.floor(name.length / 3))) + 1
  for (const candidate of known) {
    const distance = distanceTo(candidate, name, bestDistance)
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** A name cut short, such as `onErr`, is as near as one letter off. */
function distanceTo(candidate: string, name: string, limit: number): number {
  const [a, b] = [name.toLowerCase(), candidate.toLowerCase()]
  if (a === b) return 0
  const distance = editDistance(name, candidate, limit)
  const isCut = a.length >= 4 && b.startsWith(a) && b.length - a.length <= 2
  return isCut ? Math.min(1, distance) : distance
}

/** Writes the hint for a near miss: `Did you mean x?` */
export function didYouMean(name: string, known: Iterable<string>): string | undefined {
  const candidate = nearest(name, known)
  return candidate === undefined ? undefined : `Did you mean ${candidate}?`
}

function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let value = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        value = Math.min(value, beforeLast[j - 2]! + 1)
      row.push(value)
    }
    beforeLast = last
    last = row
  }
  return last[b.length]!
}
