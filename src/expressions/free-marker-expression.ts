import { BUILT_INS, LOOP_BUILT_INS } from './free-marker-builtins.ts'
import { applied, type Evaluate, existence, present, type Read, tolerant } from './free-marker-evaluate.ts'
import {
  add,
  COMPARE,
  COMPUTE,
  itemOf,
  OpenRange,
  rangeOf,
  toComparable,
  withoutEscapes,
} from './free-marker-operators.ts'
import { FreeMarkerError, type TemplateText } from './free-marker-text.ts'
import { areEqual, exists, type Method, memberOf, toBoolean, toNumber, toText } from './free-marker-values.ts'

const NAME = /[\p{L}_$@][\p{L}\p{N}_$@]*/uy

/**
 * Reads an expression where the text stands. In a tag a bare `>` ends it; `gt`, or brackets around, compare.
 * @throws FreeMarkerError with the place
 */
export function readExpression(text: TemplateText, isInTag: boolean): Evaluate {
  return new ExpressionReader(text, isInTag).or().evaluate
}

class ExpressionReader {
  readonly #text: TemplateText
  #endsAtGreater: boolean
  #depth = 0

  constructor(text: TemplateText, isInTag: boolean) {
    this.#text = text
    this.#endsAtGreater = isInTag
  }

  or(): Read {
    if (++this.#depth > 200) throw this.#text.error('the expression is nested too deeply')
    const read = this.#leftAssociative(
      /\|\|?/y,
      () => this.#and(),
      () => (a, b) => scope => toBoolean(a(scope)) || toBoolean(b(scope)),
    )
    this.#depth--
    return read
  }

  #and(): Read {
    return this.#leftAssociative(
      /&&?|&amp;&amp;|\\and\b/y,
      () => this.#equality(),
      () => (a, b) => scope => toBoolean(a(scope)) && toBoolean(b(scope)),
    )
  }

  #equality(): Read {
    return this.#leftAssociative(
      /==?|!=/y,
      () => this.#relation(),
      operator => {
        const wanted = operator !== '!='
        return (a, b) => scope => areEqual(a(scope), b(scope)) === wanted
      },
    )
  }

  #relation(): Read {
    const operators = this.#endsAtGreater
      ? /<=?|&lt;=?|&gt;=?|(?:lte|lt|gte|gt)\b/y
      : /<=?|>=?|&lt;=?|&gt;=?|(?:lte|lt|gte|gt)\b/y
    return this.#leftAssociative(
      operators,
      () => this.#range(),
      operator => {
        const compare = COMPARE[operator.replace('&lt;', '<').replace('&gt;', '>')]!
        return (a, b) => scope => compare(toComparable(a(scope)), toComparable(b(scope)))
      },
    )
  }

  #range(): Read {
    const from = this.#sum()
    this.#text.skipSpace()
    const dots = this.#text.take(/\.\.(<|!|\*)?/y)
    if (!dots) return from
    this.#text.skipSpace()
    if (/[\]),}>]|$/y.test(this.#text.text[this.#text.at] ?? '')) {
      return { evaluate: scope => new OpenRange(toNumber(from.evaluate(scope))) }
    }
    const to = this.#sum()
    const kind = dots[1] ?? ''
    return {
      evaluate: scope => rangeOf(toNumber(from.evaluate(scope)), toNumber(to.evaluate(scope)), kind),
    }
  }

  #sum(): Read {
    return this.#leftAssociative(
      /\+|-/y,
      () => this.#product(),
      operator =>
        operator === '+'
          ? (a, b) => scope => add(a(scope), b(scope))
          : (a, b) => scope => toNumber(a(scope)) - toNumber(b(scope)),
    )
  }

  #product(): Read {
    // In a tag, `/>` ends it.
    return this.#leftAssociative(
      this.#endsAtGreater ? /\*|\/(?!>)|%/y : /\*|\/|%/y,
      () => this.#unary(),
      operator => {
        const compute = COMPUTE[operator]!
        return (a, b) => scope => compute(toNumber(a(scope)), toNumber(b(scope)))
      },
    )
  }

  #unary(): Read {
    this.#text.skipSpace()
    const operator = this.#text.take(/!(?!=)|-|\+/y)?.[0]
    if (operator === undefined) return this.#postfix(this.#primary())
    const { evaluate } = this.#unary()
    if (operator === '!') return { evaluate: scope => !toBoolean(evaluate(scope)) }
    return {
      evaluate: operator === '-' ? scope => -toNumber(evaluate(scope)) : scope => toNumber(evaluate(scope)),
    }
  }

  #leftAssociative(
    operators: RegExp,
    operand: () => Read,
    combine: (operator: string) => (a: Evaluate, b: Evaluate) => Evaluate,
  ): Read {
    let left = operand()
    for (;;) {
      this.#text.skipSpace()
      const operator = this.#text.take(operators)
      if (!operator) return left
      left = { evaluate: combine(operator[0])(left.evaluate, operand().evaluate) }
    }
  }

  #primary(): Read {
    const text = this.#text
    text.skipSpace()
    const start = text.at
    const number = text.take(/\d+(?:\.\d+)?/y)
    if (number) {
      const value = Number(number[0])
      return { evaluate: () => value }
    }
    const raw = text.take(/r("[^"]*"|'[^']*')/y)
    if (raw) {
      const value = raw[1]!.slice(1, -1)
      return { evaluate: () => value }
    }
    const quoted = text.take(/"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'/sy)
    if (quoted) {
      const value = withoutEscapes(quoted[1] ?? quoted[2] ?? '')
      if (value.includes('${'))
        throw text.error('${…} inside a text is not there; put texts together with +', start)
      return { evaluate: () => value }
    }
    if (text.takeText('(')) return this.#parenthesized()
    if (text.takeText('[')) {
      const items = this.#list(']')
      return { evaluate: scope => items.map(item => item(scope)) }
    }
    if (text.takeText('{')) return this.#hash()
    const special = text.take(/\.(now|vars|globals|data_model|main|version)\b/y)
    if (special?.[1] === 'now') return { evaluate: () => new Date() }
    if (special) throw text.error(`.${special[1]} is not there`, start)
    const name = text.take(NAME)?.[0]
    if (name === undefined) throw text.error('an expression is expected')
    if (name === 'true' || name === 'false') return { evaluate: () => name === 'true' }
    return { evaluate: scope => scope.get(name), name }
  }

  #parenthesized(): Read {
    const outer = this.#endsAtGreater
    this.#endsAtGreater = false
    const { evaluate } = this.or()
    this.#expect(')')
    this.#endsAtGreater = outer
    return { evaluate, isParenthesized: true }
  }

  /** Reads expressions between commas, and what closes them. */
  #list(close: string): Evaluate[] {
    const outer = this.#endsAtGreater
    this.#endsAtGreater = false
    const items: Evaluate[] = []
    this.#text.skipSpace()
    while (!this.#text.takeText(close)) {
      if (items.length > 0) this.#expect(',')
      items.push(this.#lambda() ?? this.or().evaluate)
      this.#text.skipSpace()
    }
    this.#endsAtGreater = outer
    return items
  }

  #lambda(): Evaluate | undefined {
    this.#text.skipSpace()
    const head = this.#text.take(
      /(?:\(\s*([\p{L}_][\p{L}\p{N}_]*)\s*\)|([\p{L}_][\p{L}\p{N}_]*))\s*-(?:>|&gt;)/uy,
    )
    if (!head) return undefined
    const name = (head[1] ?? head[2])!
    const { evaluate } = this.or()
    return scope => {
      const method: Method = ([item]) => evaluate(scope.within(name, item))
      return method
    }
  }

  #hash(): Read {
    const outer = this.#endsAtGreater
    this.#endsAtGreater = false
    const members: [Evaluate, Evaluate][] = []
    this.#text.skipSpace()
    while (!this.#text.takeText('}')) {
      if (members.length > 0) this.#expect(',')
      const key = this.or().evaluate
      this.#expect(':')
      members.push([key, this.or().evaluate])
      this.#text.skipSpace()
    }
    this.#endsAtGreater = outer
    return {
      evaluate: scope =>
        Object.fromEntries(members.map(([key, value]) => [toText(key(scope)), value(scope)])),
    }
  }

  #postfix(operand: Read): Read {
    const text = this.#text
    let read = operand
    for (;;) {
      const start = text.at
      text.skipSpace()
      if (text.take(/\?\?/y)) read = { evaluate: existence(read) }
      else if (text.take(/\?(?=\s*[a-z])/y)) read = this.#builtIn(read)
      else if (text.take(/\.(?!\.)/y)) read = this.#member(read)
      else if (text.takeText('[')) read = this.#index(read)
      else if (text.take(/!(?!=)/y)) read = this.#default(read)
      else {
        text.at = start
        return read
      }
    }
  }

  #member({ evaluate }: Read): Read {
    const text = this.#text
    text.skipSpace()
    const at = text.at
    const name = text.take(/\*\*?/y)?.[0] ?? text.take(NAME)?.[0]
    if (name === undefined) throw text.error('the name of a member is expected')
    const place = text.place(at)
    return {
      evaluate: scope =>
        memberOf(
          present(evaluate(scope), () => `there is nothing before .${name}`, place),
          name,
        ),
    }
  }

  #index({ evaluate }: Read): Read {
    const outer = this.#endsAtGreater
    this.#endsAtGreater = false
    const key = this.or().evaluate
    this.#expect(']')
    this.#endsAtGreater = outer
    const place = this.#text.place(this.#text.at - 1)
    return {
      evaluate: scope =>
        itemOf(
          present(evaluate(scope), () => 'there is nothing before […]', place),
          key(scope),
        ),
    }
  }

  #default(operand: Read): Read {
    const evaluate = operand.isParenthesized ? tolerant(operand.evaluate) : operand.evaluate
    // What may follow without being a default is ambiguous in part; brackets help.
    const hasDefault = /\s*(?:["'\d([{]|(?!(?:gte?|lte?|as|in|using)\b)[\p{L}_$@.])/uy
    hasDefault.lastIndex = this.#text.at
    if (!hasDefault.test(this.#text.text)) {
      return { evaluate: scope => (exists(evaluate(scope)) ? evaluate(scope) : '') }
    }
    const otherwise = this.or().evaluate
    return {
      evaluate: scope => {
        const value = evaluate(scope)
        return exists(value) ? value : otherwise(scope)
      },
    }
  }

  #builtIn(operand: Read): Read {
    const text = this.#text
    text.skipSpace()
    const at = text.at
    const name = text.take(/[a-zA-Z_][\w]*/y)![0]
    const place = text.place(at)
    const aboutLoop = operand.name === undefined ? undefined : LOOP_BUILT_INS.get(name)
    if (aboutLoop) {
      return {
        evaluate(scope) {
          const loop = scope.loopOf(operand.name!)
          if (!loop) throw new FreeMarkerError(`?${name} needs the variable of a loop`, place)
          return aboutLoop(loop)
        },
      }
    }
    const known = BUILT_INS.get(name)
    if (!known) throw text.error(`there is no built-in ?${name} here`, at)
    const args = this.#builtInArguments(name)
    const [least, most] = known.arity
    if (args.length < least || args.length > most)
      throw text.error(`?${name} takes ${least === most ? least : `${least} to ${most}`} arguments`, at)
    return { evaluate: applied(operand, name, known, args, place) }
  }

  /** `?string.currency` and `?string["0.00"]` are other ways to write an argument. */
  #builtInArguments(name: string): Evaluate[] {
    const text = this.#text
    if (name === 'string') {
      const dotted = text.take(/\.([a-z]+)/y)
      if (dotted) return [() => dotted[1]]
      if (text.takeText('[')) return this.#list(']')
    }
    const here = text.at
    text.skipSpace()
    if (text.takeText('(')) return this.#list(')')
    text.at = here
    return []
  }

  #expect(what: string): void {
    this.#text.skipSpace()
    if (!this.#text.takeText(what)) throw this.#text.error(`${what} is expected`)
  }
}
