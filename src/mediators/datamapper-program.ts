import { Script } from 'node:vm'

/** What a mapping is given, as text that crosses into the sandbox. */
export interface MappingInput {
  /** JSON text of the payload. */
  readonly payload: string
  /** Properties by scope and name; variables by name where it is called with them. */
  readonly more: Readonly<Record<string, unknown>>
}

/** Where a mapping runs from: names of an entry function, or a function that is the whole of it. */
export type MappingEntry =
  | { readonly kind: 'named'; readonly input: string; readonly entries: readonly string[] }
  | { readonly kind: 'function' }

/**
 * Writes the program that runs a mapping on one payload: an expression that gives a function of one text, which is
 * evaluated in a sandbox. Every payload runs the whole of the mapping, so nothing is left of the one before.
 */
export function mappingProgram(source: string, entry: MappingEntry): string {
  return `(${runner})(${JSON.stringify(source)}, ${JSON.stringify(entry)})`
}

/** Finds what is wrong with the text of a mapping, with its line where that is known; nothing is run. */
export function mappingProblem(source: string): { message: string; line: string | undefined } | undefined {
  const compiles = (text: string): unknown => new Script(text, { filename: 'mapping.js', lineOffset: -1 })
  try {
    compiles(`(function () {\n${source}\n})`)
    return undefined
  } catch (error) {
    // A function without a name is one only in parentheses.
    try {
      compiles(`(\n${source}\n)`)
      return undefined
    } catch {
      const { message, stack = '' } = error as Error
      return { message, line: /mapping\.js:(\d+)/.exec(stack)?.[1] }
    }
  }
}

/* Runs inside the sandbox, never here: it may use nothing from outside the function. */
function runner(source: string, entry: MappingEntry): (input: string) => string {
  const root = globalThis as unknown as Record<string, unknown>
  delete root.__host
  const { parse, stringify } = JSON
  const evaluate = root.eval as (text: string) => unknown
  const read = (text: string): unknown => evaluate(`${text}\n//# sourceURL=script.js`)
  const known = new Set(Object.getOwnPropertyNames(root))
  type Mapping = (...given: unknown[]) => unknown

  /** Runs the text in a function of its own, and gives what the first of the names stands for there. */
  const named = (names: readonly string[]): Mapping | undefined => {
    const tries = names.map(name => `if (typeof ${name} === 'function') return ${name};`).join(' ')
    return (read(`(function () {${source}\n;${tries}})`) as () => Mapping | undefined)()
  }
  /** The function the text is, or the one it has. */
  const whole = (): Mapping | undefined => {
    let found: unknown
    try {
      found = read(`(${source.replace(/[;\s]*$/, '')}\n)`)
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
    }
    return typeof found === 'function' ? (found as Mapping) : named(['mapFunction'])
  }

  return input => {
    for (const name of Object.getOwnPropertyNames(root)) if (!known.has(name)) delete root[name]
    const given = parse(input) as { payload: unknown; more: Record<string, Record<string, unknown>> }
    root.DM_PROPERTIES = given.more.properties
    let result: unknown
    if (entry.kind === 'function') {
      const map = whole()
      if (!map) throw new Error('the mapping is no function')
      result = map(given.payload, given.more.variables)
    } else {
      root[entry.input] = given.payload
      const map = named([...entry.entries, 'mapFunction'])
      if (!map) throw new Error(`there is no function ${entry.entries[0]}, and no mapFunction`)
      result = map(given.payload)
    }
    const output = stringify(result)
    if (typeof output !== 'string') throw new Error('the mapping gave nothing')
    return output
  }
}
