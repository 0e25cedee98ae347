import { add } from './free-marker-operators.ts'
import { type Piece, readPieces, type Tag, type TemplatePlace } from './free-marker-pieces.ts'
import { Scope } from './free-marker-scope.ts'
import { FreeMarkerError } from './free-marker-text.ts'
import { areEqual, isHash, toBoolean, toList, toText, type Value } from './free-marker-values.ts'

export { FreeMarkerError } from './free-marker-text.ts'

/** A compiled template. */
export interface FreeMarkerTemplate {
  /**
   * Writes the template with data: `model` gives the value of a name, undefined where there is none.
   * @throws FreeMarkerError with line and column in the template
   */
  render(model: (name: string) => Value): string
}

type Signal = 'break' | 'continue' | undefined
interface Out {
  text: string
}
type Run = (scope: Scope, out: Out) => Signal

/**
 * Compiles a FreeMarker template. Outputs, conditions, lists, assignments, switch, attempt, comments and noparse are
 * there; macros, functions and includes are not.
 * @throws FreeMarkerError with line and column in the template
 * @example compileFreeMarker('Hello ${name?upper_case}').render(() => 'you')
 */
export function compileFreeMarker(source: string): FreeMarkerTemplate {
  const run = new TemplateReader(readPieces(source)).whole()
  return {
    render(model) {
      const out = { text: '' }
      run(new Scope(model), out)
      return out.text
    },
  }
}

/** Matches tags with their ends and makes of each what it does. */
class TemplateReader {
  readonly #pieces: readonly Piece[]
  #at = 0

  constructor(pieces: readonly Piece[]) {
    this.#pieces = pieces
  }

  whole(): Run {
    const { run, end } = this.#block([])
    if (end) throw misplaced(end)
    return run
  }

  /** Reads up to one of the tags named; an end tag is written `/list`. */
  #block(until: readonly string[], opened?: Tag): { run: Run; end: Tag | undefined } {
    const runs: Run[] = []
    while (this.#at < this.#pieces.length) {
      const piece = this.#pieces[this.#at++]!
      if (piece.kind === 'text') runs.push(write(piece.text))
      else if (piece.kind === 'output') runs.push(output(piece.expression, piece.place))
      else if (piece.kind === 'tag') {
        if (until.includes(piece.isEnd ? `/${piece.name}` : piece.name))
          return { run: sequence(runs), end: piece }
        if (piece.isEnd) throw misplaced(piece)
        const run = this.#directive(piece)
        if (run) runs.push(run)
      }
    }
    if (opened) throw new FreeMarkerError(`<#${opened.name}> is not closed`, opened.place)
    return { run: sequence(runs), end: undefined }
  }

  #directive(tag: Tag): Run | undefined {
    switch (tag.name) {
      case 'if':
        return this.#if(tag)
      case 'list':
        return this.#list(tag)
      case 'switch':
        return this.#switch(tag)
      case 'assign':
      case 'local':
      case 'global':
        return this.#assign(tag)
      case 'attempt':
        return this.#attempt(tag)
      case 'sep': {
        const { run } = this.#block(['/sep', '/list', '/items'], tag)
        // Without an end tag of its own it reaches to the end of the loop.
        if (this.#pieces[this.#at - 1] && (this.#pieces[this.#at - 1] as Tag).name !== 'sep') this.#at--
        return (scope, out) => (scope.loop?.hasNext ? run(scope, out) : undefined)
      }
      case 'compress': {
        const { run } = this.#block(['/compress'], tag)
        return (scope, out) => {
          const inner = { text: '' }
          const signal = run(scope, inner)
          out.text += inner.text.replace(/\s+/g, white => (white.includes('\n') ? '\n' : ' ')).trim()
          return signal
        }
      }
      case 'break':
      case 'continue': {
        const signal: Signal = tag.name
        return () => signal
      }
      case 'stop':
        return scope => {
          const reason = tag.expression ? toText(tag.expression(scope)) : 'the template stops'
          throw new FreeMarkerError(reason, tag.place)
        }
      case 'setting':
        return setting(tag)
      case 'ftl':
      case 't':
      case 'lt':
      case 'rt':
      case 'nt':
        return undefined
      default:
        throw misplaced(tag)
    }
  }

  #if(tag: Tag): Run {
    const ways: { when: Tag['expression']; place: TemplatePlace; run: Run }[] = []
    let way = tag
    for (;;) {
      const isLast = way.name === 'else'
      const { run, end } = this.#block(isLast ? ['/if'] : ['elseif', 'elseIf', 'else', '/if'], tag)
      ways.push({ when: way.expression, place: way.place, run })
      if (!end || end.isEnd) break
      way = end
    }
    return (scope, out) => {
      for (const { when, place, run } of ways) {
        if (!when || located(place, () => toBoolean(when(scope)))) return run(scope, out)
      }
      return undefined
    }
  }

  #list(tag: Tag): Run {
    const { run: body, end } = this.#block(['items', 'else', '/list'], tag)
    const hasItems = end?.name === 'items'
    const names = hasItems ? end.names : tag.names
    if (names.length === 0)
      throw new FreeMarkerError('<#list> needs "as" and the name of a variable', tag.place)
    const inner = hasItems ? this.#block(['/items'], end).run : body
    const after = hasItems ? this.#block(['else', '/list'], tag) : undefined
    const isElse = (hasItems ? after?.end : end)?.name === 'else'
    const otherwise = isElse ? this.#block(['/list'], tag).run : undefined
    const loop = loopOver(inner, names)
    return (scope, out) => {
      const items = located(tag.place, () => itemsOf(tag.expression!(scope), names.length))
      if (items.length === 0) return otherwise?.(scope, out)
      if (!hasItems) return loop(items, scope, out)
      body(scope, out)
      loop(items, scope, out)
      return after?.run(scope, out)
    }
  }

  #switch(tag: Tag): Run {
    const cases: { when: Tag['expression']; run: Run }[] = []
    let { end } = this.#block(['case', 'default', '/switch'], tag)
    while (end && !end.isEnd) {
      const { expression } = end
      const block = this.#block(['case', 'default', '/switch'], tag)
      cases.push({ when: expression, run: block.run })
      end = block.end
    }
    return (scope, out) => {
      const value = located(tag.place, () => tag.expression!(scope))
      const matching = cases.findIndex(
        ({ when }) => when && located(tag.place, () => areEqual(value, when(scope))),
      )
      const from = matching >= 0 ? matching : cases.findIndex(({ when }) => !when)
      // Without a break, what follows the case runs too.
      for (const { run } of from < 0 ? [] : cases.slice(from)) {
        const signal = run(scope, out)
        if (signal === 'break') return undefined
        if (signal) return signal
      }
      return undefined
    }
  }

  #assign(tag: Tag): Run {
    const [name] = tag.names
    if (name !== undefined && tag.assignments.length === 0) {
      const { run } = this.#block([`/${tag.name}`], tag)
      return (scope, out) => {
        const inner = { text: '' }
        const signal = run(scope, inner)
        scope.set(name, inner.text)
        void out
        return signal
      }
    }
    return scope => {
      for (const { name: target, adds, value } of tag.assignments) {
        const given = located(tag.place, () => (adds ? add(scope.get(target), value(scope)) : value(scope)))
        scope.set(target, given)
      }
      return undefined
    }
  }

  #attempt(tag: Tag): Run {
    const { run } = this.#block(['recover'], tag)
    const { run: recover } = this.#block(['/attempt', '/recover'], tag)
    return (scope, out) => {
      const before = out.text
      try {
        return run(scope, out)
      } catch (error) {
        if (!(error instanceof FreeMarkerError)) throw error
        out.text = before
        return recover(scope, out)
      }
    }
  }
}

function misplaced(tag: Tag): FreeMarkerError {
  return new FreeMarkerError(`<${tag.isEnd ? '/' : ''}#${tag.name}> is out of place`, tag.place)
}

/** Says where in the template something failed, unless it says so itself. */
function located<T>(place: TemplatePlace, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (error instanceof FreeMarkerError && error.line > 0) throw error
    throw new FreeMarkerError((error as Error).message, place)
  }
}

function write(text: string): Run {
  return (_scope, out) => {
    out.text += text
    return undefined
  }
}

function output(expression: (scope: Scope) => Value, place: TemplatePlace): Run {
  return (scope, out) => {
    out.text += located(place, () => toText(expression(scope), scope.settings.numberFormat))
    return undefined
  }
}

function sequence(runs: readonly Run[]): Run {
  if (runs.length === 1) return runs[0]!
  return (scope, out) => {
    for (const run of runs) {
      const signal = run(scope, out)
      if (signal) return signal
    }
    return undefined
  }
}

/** What a loop goes over: the items of a list, or with two variables the members of a hash. */
function itemsOf(value: Value, names: number): readonly Value[] {
  if (names === 2 && isHash(value)) return Object.entries(value)
  if (isHash(value)) return Object.keys(value)
  return toList(value)
}

function loopOver(
  run: Run,
  [name, second]: readonly string[],
): (items: readonly Value[], scope: Scope, out: Out) => Signal {
  return (items, scope, out) => {
    const end = items.length - 1
    for (const [index, item] of items.entries()) {
      const [first, other] = second === undefined ? [item, undefined] : (item as [string, Value])
      const inner =
        second === undefined
          ? scope.within(name!, first, index, index < end)
          : scope.within(second, other, index, index < end).within(name!, first, index, index < end)
      if (run(inner, out) === 'break') return undefined
    }
    return undefined
  }
}

function setting({ assignments, place }: Tag): Run {
  for (const { name } of assignments) {
    if (name !== 'number_format' && name !== 'locale')
      throw new FreeMarkerError(`<#setting ${name}> is not there`, place)
  }
  return scope => {
    for (const { name, value } of assignments)
      if (name === 'number_format') scope.settings.numberFormat = toText(value(scope))
    return undefined
  }
}
