import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import { Expected } from '../language/types.ts'
import { compileJsonPath, type JsonPath, JsonPathSyntaxError, jsonText } from './jsonpath.ts'
import { propertyReader } from './properties.ts'
import type { Expression } from './value.ts'

const FROM_PROPERTY = /^\$(ctx|trp|axis2):([\w-]+)(.*)$/s
const SCOPE = { ctx: 'default', trp: 'transport', axis2: 'axis2' } as const

/**
 * Compiles `json-eval(path)`: JSONPath on the payload, or on a property that holds JSON (`$ctx:name.path`).
 *
 * A path that leads nowhere in the payload is ''. Compatibility: in a property it is a fault.
 * @throws Expected when the path cannot be compiled
 */
export function jsonEval(source: string): Expression {
  if (!source.endsWith(')')) throw new Expected('json-eval(…) with its closing bracket')
  // Compatibility: a dot at the end means nothing.
  const inner = source.slice('json-eval('.length, -1).trim().replace(/\.$/, '')
  const property = FROM_PROPERTY.exec(inner)
  if (/[{][^\s",<>}\]]+[}]/.test(inner)) {
    throw new Expected('a fixed JSONPath', 'Placeholders in braces inside json-eval are not supported yet.')
  }
  if (property) {
    const [, prefix, name, rest] = property
    const read = propertyReader(SCOPE[prefix as keyof typeof SCOPE], name!)
    const path = compile(`$${rest}`)
    return ofValue(source, false, ctx => {
      const held = read(ctx)
      if (held === undefined || held === null) return undefined
      const { found, value } = path.find(typeof held === 'string' ? parseHeld(held, source, name!) : held)
      if (!found) throw new Fault(0, `${source}: no such path in property ${name}`)
      return value
    })
  }
  const path = compile(inner)
  if (inner === '$')
    return { ...ofValue(source, true, ctx => ctx.message.content.json()), text: wholePayload, path }
  const expression = ofValue(source, true, ctx => {
    const root = ctx.message.content.json()
    return root === undefined ? undefined : path.find(root).value
  })
  return { ...expression, path }
}

function parseHeld(text: string, source: string, name: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Fault(0, `${source}: property ${name} holds no JSON`, { cause: error })
  }
}

function wholePayload(ctx: MessageContext): string {
  const { content } = ctx.message
  const root = content.json()
  if (root === undefined) return ''
  return content.as('application/json').toString('utf8')
}

function compile(path: string): JsonPath {
  try {
    return compileJsonPath(path)
  } catch (error) {
    if (!(error instanceof JsonPathSyntaxError)) throw error
    throw new Expected(`a JSONPath (${error.message})`)
  }
}

function ofValue(source: string, readsContent: boolean, find: (ctx: MessageContext) => unknown): Expression {
  const text = (ctx: MessageContext): string => {
    const value = find(ctx)
    return value === undefined ? '' : jsonText(value)
  }
  return {
    source,
    language: 'jsonpath',
    readsContent,
    text,
    boolean: ctx => text(ctx).toLowerCase() === 'true',
    value: find,
  }
}
