import type { Evaluate } from './free-marker-evaluate.ts'
import { readExpression } from './free-marker-expression.ts'
import { TemplateText } from './free-marker-text.ts'

/** Line, column and offset in a template. */
export interface TemplatePlace {
  readonly line: number
  readonly column: number
  readonly offset: number
}

/** A tag, with what stands in it compiled. */
export interface Tag {
  readonly kind: 'tag'
  readonly name: string
  readonly isEnd: boolean
  readonly place: TemplatePlace
  /** The condition, the list, the value. */
  readonly expression?: Evaluate
  /** Names of loop variables. */
  readonly names: readonly string[]
  readonly assignments: readonly { readonly name: string; readonly adds: boolean; readonly value: Evaluate }[]
}

/** What a template is made of, before tags are matched with their ends. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'output'; readonly expression: Evaluate; readonly place: TemplatePlace }
  | { readonly kind: 'comment' }
  | Tag

const WITH_EXPRESSION: ReadonlySet<string> = new Set(['if', 'elseif', 'elseIf', 'switch', 'case', 'list'])
const PLAIN: ReadonlySet<string> = new Set(
  'else sep break continue default compress attempt recover items t lt rt nt'.split(' '),
)
const ASSIGNING: ReadonlySet<string> = new Set(['assign', 'local', 'global'])
const REFUSED: ReadonlySet<string> = new Set(
  'function macro return nested import include escape noescape autoesc noautoesc outputformat visit recurse fallback flush transform foreach call'.split(
    ' ',
  ),
)

/**
 * Reads a template into pieces. Lines that hold nothing but tags leave nothing behind.
 * @throws FreeMarkerError with the place
 */
export function readPieces(source: string): Piece[] {
  const text = new TemplateText(source)
  const pieces: Piece[] = []
  while (!text.isAtEnd) {
    const start = text.at
    const plain = text.takeUntil(/\$\{|<\/?[#@]/g)
    if (plain !== '') pieces.push({ kind: 'text', text: plain })
    else if (text.take(/<#--[\s\S]*?-->/y)) pieces.push({ kind: 'comment' })
    else if (text.takeText('<#--')) throw text.error('the comment does not end', start)
    else if (text.takeText('${')) pieces.push(readOutput(text, start))
    else {
      const raw = text.take(/<#noparse>([\s\S]*?)<\/#noparse>/y)
      if (raw) pieces.push({ kind: 'comment' }, { kind: 'text', text: raw[1]! }, { kind: 'comment' })
      else readTag(text, pieces)
    }
  }
  return stripLines(pieces)
}

function readOutput(text: TemplateText, start: number): Piece {
  const expression = readExpression(text, false)
  text.skipSpace()
  if (!text.takeText('}')) throw text.error('} is expected')
  return { kind: 'output', expression, place: text.place(start) }
}

function readTag(text: TemplateText, pieces: Piece[]): void {
  const start = text.at
  const head = text.take(/<(\/?)([#@])([\w.]*)/y)!
  const [, slash, kind, name = ''] = head
  if (kind === '@') throw text.error('macros are not there', start)
  if (REFUSED.has(name)) throw text.error(`<#${name}> is not there`, start)
  const place = text.place(start)
  if (slash === '/') {
    if (!text.take(/\s*>/y)) throw text.error('> is expected')
    pieces.push({ kind: 'tag', name, isEnd: true, place, names: [], assignments: [] })
    return
  }
  const tag = { kind: 'tag', name, isEnd: false, place, ...readInside(text, name, start) } as const
  text.skipSpace()
  if (!text.take(/\/?>/y)) throw text.error('> is expected')
  pieces.push(tag)
}

function readInside(
  text: TemplateText,
  name: string,
  start: number,
): Pick<Tag, 'expression' | 'names' | 'assignments'> {
  const nothing = { names: [], assignments: [] }
  if (name === 'ftl') {
    text.take(/[^>]*?(?=\/?>)/y)
    return nothing
  }
  if (ASSIGNING.has(name) || name === 'setting') return readAssignments(text)
  if (name === 'stop') {
    text.skipSpace()
    return /[/>]/.test(text.text[text.at] ?? '')
      ? nothing
      : { ...nothing, expression: readExpression(text, true) }
  }
  if (PLAIN.has(name)) return { ...nothing, names: name === 'items' ? readNames(text) : [] }
  if (!WITH_EXPRESSION.has(name)) throw text.error(`there is no directive <#${name}>`, start)
  const expression = readExpression(text, true)
  return { ...nothing, expression, names: name === 'list' ? readNames(text) : [] }
}

/** `as x`, or `as key, value`. */
function readNames(text: TemplateText): string[] {
  const names = text.take(/\s*as\s+([\p{L}_][\p{L}\p{N}_]*)(?:\s*,\s*([\p{L}_][\p{L}\p{N}_]*))?/uy)
  return names ? [names[1]!, names[2]].filter(name => name !== undefined) : []
}

/** `a=1 b=2`, or a name alone, whose value is what stands up to the end tag. */
function readAssignments(text: TemplateText): Pick<Tag, 'names' | 'assignments'> {
  const assignments: { name: string; adds: boolean; value: Evaluate }[] = []
  const names: string[] = []
  for (;;) {
    text.skipSpace()
    text.takeText(',')
    text.skipSpace()
    const name = text.take(/"([^"]+)"|'([^']+)'|([\p{L}_][\p{L}\p{N}_]*)/uy)
    if (!name) return { names, assignments }
    const named = (name[1] ?? name[2] ?? name[3])!
    text.skipSpace()
    const operator = text.take(/\+?=/y)
    if (operator)
      assignments.push({ name: named, adds: operator[0] === '+=', value: readExpression(text, true) })
    else if (text.take(/(?:[-*/%]=|\+\+|--)/y)) throw text.error('assignments are written with = or +=')
    else names.push(named)
  }
}

/** Takes out what surrounds tags on lines that hold nothing else. */
function stripLines(pieces: readonly Piece[]): Piece[] {
  const kept: Piece[] = []
  let line: Piece[] = []
  const endLine = (): void => {
    const tags = line.filter(piece => piece.kind === 'tag' || piece.kind === 'comment')
    const isOnlyTags =
      tags.length > 0 &&
      line.every(piece => piece.kind !== 'output' && (piece.kind !== 'text' || piece.text.trim() === '')) &&
      !tags.some(piece => piece.kind === 'tag' && piece.name === 'nt')
    kept.push(...(isOnlyTags ? tags : trimLine(line)))
    line = []
  }
  for (const piece of pieces) {
    if (piece.kind !== 'text') {
      line.push(piece)
      continue
    }
    for (const text of piece.text.split(/(?<=\n)/)) {
      line.push({ kind: 'text', text })
      if (text.endsWith('\n')) endLine()
    }
  }
  endLine()
  return kept
}

/** `<#t>`, `<#lt>` and `<#rt>` take the white space off the ends of their line. */
function trimLine(line: readonly Piece[]): Piece[] {
  const has = (...names: string[]): boolean =>
    line.some(piece => piece.kind === 'tag' && !piece.isEnd && names.includes(piece.name))
  const trimmed = [...line]
  const first = trimmed[0]
  if (has('t', 'lt') && first?.kind === 'text') trimmed[0] = { kind: 'text', text: first.text.trimStart() }
  const end = trimmed.length - 1
  const last = trimmed[end]
  if (has('t', 'rt') && last?.kind === 'text') trimmed[end] = { kind: 'text', text: last.text.trimEnd() }
  return trimmed
}
