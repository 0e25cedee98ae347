import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import { Expected } from '../language/types.ts'
import { parseJson } from '../message/codecs/json.ts'
import { compileJsonPath, type JsonPath, JsonPathSyntaxError, jsonText } from './jsonpath.ts'
import { propertyReader } from './properties.ts'
import { remembered } from './remembered.ts'
import type { Expression } from './value.ts'

const FROM_PROPERTY = /^\$(ctx|trp|axis2):([\w-]+)(.*)$/s
const SCOPE = { ctx: 'default', trp: 'transport', axis2: 'axis2' } as const
const FRAGMENT = /\{([^\s",<>}\]]+)\}/g

/** Compiles what stands in braces. */
type CompileInner = (source: string) => Expression

/**
 * Compiles `json-eval(path)`: JSONPath on the payload, or on a property that holds JSON (`$ctx:name.path`). What
 * stands in braces is computed first, and its text put into the path.
 *
 * A path that leads nowhere in the payload is ''. Compatibility: in a property it is a fault.
 * @throws Expected when the path cannot be compiled
 */
export function jsonEval(source: string, compileInner: CompileInner): Expression {
  if (!source.endsWith(')')) throw new Expected('json-eval(…) with its closing bracket')
  // Compatibility: a dot at the end means nothing.
  const inner = source.slice('json-eval('.length, -1).trim().replace(/\.$/, '')
  const [, prefix, name = '', rest] = FROM_PROPERTY.exec(inner) ?? []
  if (prefix !== undefined) {
    const scope = SCOPE[prefix as keyof typeof SCOPE]
    return fromProperty(source, scope, name, pathOf(`$${rest}`, compileInner))
  }
  if (inner === '$') {
    const path = compile(inner)
    return { ...ofPath(source, () => path, true, payload), text: wholePayload, path }
  }
  const { path, at } = pathOf(inner, compileInner)
  const expression = ofPath(source, at, true, payload)
  return path ? { ...expression, path } : expression
}

/** A path, or one that is made for each message. */
interface Path {
  readonly path: JsonPath | undefined
  readonly readsContent: boolean
  at(ctx: MessageContext): JsonPath
}

function pathOf(text: string, compileInner: CompileInner): Path {
  const pieces = text.split(FRAGMENT)
  if (pieces.length === 1) {
    const path = compile(text)
    return { path, readsContent: false, at: () => path }
  }
  // Every second piece stood in braces.
  const parts = pieces.map((piece, i) => (i % 2 === 0 ? piece : compileInner(piece)))
  const compiled = remembered(compileNow)
  return {
    path: undefined,
    readsContent: parts.some(part => typeof part !== 'string' && part.readsContent),
    at(ctx) {
      return compiled(parts.map(part => (typeof part === 'string' ? part : (part.text(ctx) ?? ''))).join(''))
    },
  }
}

/** A path that came out wrong leads nowhere. */
function compileNow(text: string): JsonPath {
  try {
    return compileJsonPath(text)
  } catch (error) {
    if (!(error instanceof JsonPathSyntaxError)) throw error
    return NOWHERE
  }
}

function compile(path: string): JsonPath {
  try {
    return compileJsonPath(path)
  } catch (error) {
    if (!(error instanceof JsonPathSyntaxError)) throw error
    throw new Expected(`a JSONPath (${error.message})`)
  }
}

const NOWHERE: JsonPath = {
  definite: true,
  steps: [],
  isComputed: true,
  endsInName: false,
  read: () => undefined,
  find: () => ({ found: false, value: undefined }),
}

function payload(ctx: MessageContext): unknown {
  return ctx.message.content.json()
}

function wholePayload(ctx: MessageContext): string {
  const { content } = ctx.message
  const root = content.json()
  if (root === undefined) return ''
  return content.as('application/json').toString('utf8')
}

function fromProperty(source: string, scope: string, name: string, { at, readsContent }: Path): Expression {
  const read = propertyReader({ scope, name, pattern: undefined })
  const root = (ctx: MessageContext): unknown => {
    const held = read(ctx)
    if (held === undefined || held === null) return undefined
    return typeof held === 'string' ? parseHeld(held, source, name) : held
  }
  const must = (ctx: MessageContext): JsonPath => {
    const path = at(ctx)
    return {
      ...path,
      read(value) {
        const found = path.read(value)
        if (found === undefined) throw new Fault(0, `${source}: no such path in property ${name}`)
        return found
      },
    }
  }
  return ofPath(source, must, readsContent, root)
}

function parseHeld(text: string, source: string, name: string): unknown {
  try {
    return parseJson(text)
  } catch (error) {
    throw new Fault(0, `${source}: property ${name} holds no JSON`, { cause: error })
  }
}

function ofPath(
  source: string,
  at: (ctx: MessageContext) => JsonPath,
  readsContent: boolean,
  rootOf: (ctx: MessageContext) => unknown,
): Expression {
  const text = (ctx: MessageContext): string => {
    const root = rootOf(ctx)
    if (root === undefined) return ''
    const path = at(ctx)
    return jsonText(path.read(root), path)
  }
  return {
    source,
    language: 'jsonpath',
    readsContent,
    text,
    boolean: ctx => text(ctx).toLowerCase() === 'true',
    value(ctx) {
      const root = rootOf(ctx)
      return root === undefined ? undefined : at(ctx).read(root)
    },
  }
}
