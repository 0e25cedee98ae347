import type { MessageContext } from '../core/context.ts'
import type { Entry } from '../core/entry.ts'
import { Fault } from '../core/fault.ts'
import type { PropertyValue } from '../core/properties.ts'
import type { Dynamic } from '../expressions/expression.ts'
import { templateParameter } from '../expressions/properties.ts'
import { accessor } from '../expressions/scopes.ts'
import type { Scope } from '../expressions/well-known.ts'
import type { Build } from '../language/declare.ts'
import type { Span } from '../language/source.ts'
import { mappingProblem, mappingProgram } from './datamapper-program.ts'
import { localName, MappingSchema, scriptName } from './datamapper-schema.ts'
import { scriptProcess } from './script-process.ts'

/** Keys of what a mapping is made of, and whether it is one function. */
export interface MappingKeys {
  readonly config: Dynamic
  readonly inputSchema: Dynamic
  readonly outputSchema: Dynamic
  readonly target: string | undefined
}

/** A mapping that is ready to run. */
export interface Mapping {
  /** Runs it: JSON text in, JSON text out. */
  readonly call: (input: string) => Promise<string>
  readonly input: MappingSchema
  readonly output: MappingSchema
  readonly properties: readonly MappedProperty[]
}

/** A property a mapping names. */
export interface MappedProperty {
  readonly scope: string
  readonly name: string
  readonly read: (ctx: MessageContext) => PropertyValue
}

/** The fault of a mapping that did not work. */
export function failed(reason: string, cause?: unknown): Fault {
  return new Fault(0, `DataMapper mediator : mapping failed: ${reason}`, { cause })
}

/** How many mappings of one mediator are kept ready. */
const MAX_TEXTS = 100

/** Finds the mapping of a message: the same for all, where no expression gives its parts. */
export function mappings(config: MappingKeys, build: Build, span: Span): (ctx: MessageContext) => Mapping {
  const keys = [config.config, config.inputSchema, config.outputSchema] as const
  const fixed = keys.map(({ fixed: name }) => (name === undefined ? undefined : build.entry({ name, span })))
  checkParts(keys, fixed, build, span)
  const known = new Map<string, Mapping>()
  scriptProcess(build)
  const ready = (texts: readonly [string, string, string]): Mapping => {
    const key = texts.join('\0')
    let mapping = known.get(key)
    if (!mapping) {
      mapping = mappingFrom(texts, config.target !== undefined, build)
      if (known.size >= MAX_TEXTS) known.clear()
      known.set(key, mapping)
    }
    return mapping
  }
  let same: Mapping | undefined
  return ctx => {
    if (same) return same
    const [source, input, output] = keys.map((key, at) => textOf(fixed[at], key, ctx))
    const mapping = ready([source!, input!, output!])
    if (fixed.every(entry => entry)) same = mapping
    return mapping
  }
}

function textOf(entry: Entry | undefined, key: Dynamic, ctx: MessageContext): string {
  const name = key.text(ctx) ?? ''
  const found = entry ?? ctx.deployment.entry(name)
  if (!found) throw failed(`there is no ${name}`)
  return found.text
}

function checkParts(
  keys: readonly Dynamic[],
  [source, ...schemas]: readonly (Entry | undefined)[],
  build: Build,
  span: Span,
): void {
  const problem = source && mappingProblem(source.text)
  if (problem) {
    const line = problem.line === undefined ? '' : `, line ${problem.line}`
    build.error(
      span,
      'bad-script',
      `the mapping ${keys[0]!.fixed} cannot be read${line}: ${problem.message}.`,
    )
  }
  for (const [at, schema] of schemas.entries()) {
    try {
      if (schema) MappingSchema.parse(schema.text)
    } catch (error) {
      const name = keys[at + 1]!.fixed
      build.warning(span, 'bad-schema', `${name} is no schema of a mapping: ${(error as Error).message}.`)
    }
  }
}

function mappingFrom(
  [source, inputText, outputText]: readonly [string, string, string],
  isFunction: boolean,
  build: Build,
): Mapping {
  const [input, output] = [schemaFrom(inputText), schemaFrom(outputText)]
  const entries = namesOf(localName(input.title)).flatMap(from =>
    namesOf(localName(output.title)).flatMap(to =>
      ['S_S', 'L_L', 'S_L', 'L_S'].map(kinds => `map_${kinds[0]}_${from}_${kinds[2]}_${to}`),
    ),
  )
  const program = mappingProgram(
    source,
    isFunction
      ? { kind: 'function' }
      : {
          kind: 'named',
          input: `input${scriptName(input.title)}`,
          entries: entries.filter(name => /^[\w$\u0080-\uffff]+$/.test(name)),
        },
  )
  const process = scriptProcess(build)
  const script = process.script(program, build.settings.script)
  return { call: text => process.call(script, text), input, output, properties: propertiesIn(source) }
}

function schemaFrom(schema: string): MappingSchema {
  try {
    return MappingSchema.parse(schema)
  } catch (error) {
    throw failed((error as Error).message, error)
  }
}

/** A name as it is, and as scripts write it. */
function namesOf(name: string): readonly string[] {
  return [...new Set([name, scriptName(name)])]
}

const SCOPES: Readonly<Record<string, Scope>> = {
  DEFAULT: 'default',
  SYNAPSE: 'default',
  TRANSPORT: 'transport',
  AXIS2: 'axis2',
  AXIS2_CLIENT: 'axis2-client',
  OPERATION: 'operation',
}

/** The properties a mapping names. */
function propertiesIn(source: string): MappedProperty[] {
  return [...source.matchAll(/DM_PROPERTIES\.(\w+)\s*\[\s*(?:'([^']*)'|"([^"]*)")\s*\]/g)].flatMap(
    ([, scope = '', single, double]): MappedProperty[] => {
      const name = single ?? double ?? ''
      if (scope === 'FUNCTION') return [{ scope, name, read: ctx => templateParameter(ctx, name) }]
      const meant = Object.hasOwn(SCOPES, scope) ? SCOPES[scope] : undefined
      return [{ scope, name, read: meant ? accessor(meant, name).get : () => undefined }]
    },
  )
}
