import type { MessageContext } from '../core/context.ts'
import { bodyOf } from '../message/codecs/soap.ts'
import { XmlElement } from '../message/xml/tree.ts'
import { templateParameter } from './properties.ts'
import { accessor } from './scopes.ts'
import { compilePath, type Evaluate } from './synapse-path.ts'
import type { SynapseAccess, SynapseStep, SynapseTerm } from './synapse-term.ts'
import {
  fromJson,
  fromProperty,
  isNodeList,
  jsonOf,
  SynapseError,
  type SynapseValue,
} from './synapse-values.ts'

type Compile = (term: SynapseTerm) => Evaluate

/** Compiles `payload.a`, `vars.x.a`, `headers.h` and their like. What is not there is an error. */
export function compileAccess(access: SynapseAccess, compile: Compile): Evaluate {
  const { source, name, text, path } = access
  switch (source) {
    case 'payload':
      return path.length === 0 ? wholePayload : payloadPath(path, text, compile)
    case 'vars':
      return variable(name, path, text, compile)
    case 'headers':
      return named(text, ctx => ctx.message.headers.get(name))
    case 'configs': {
      // The environment of a process does not change, so it is read now.
      const value = process.env[name]
      return named(text, () => value)
    }
    case 'props.synapse':
      return named(text, accessor('default', name).get)
    case 'props.axis2':
      return named(text, accessor('axis2', name).get)
    case 'props.session':
      return named(text, accessor('session', name).get)
    case 'params.queryParams':
      return named(text, accessor('default', `query.param.${name}`).get)
    case 'params.pathParams':
      return named(text, accessor('default', `uri.var.${name}`).get)
    case 'params.functionParams':
      return named(text, ctx => templateParameter(ctx, name))
  }
}

function named(text: string, read: (ctx: MessageContext) => unknown): Evaluate {
  return ctx => {
    const value = read(ctx)
    if (value === undefined || value === null) throw new SynapseError(`${text} is not set`)
    return fromProperty(value)
  }
}

/** XML is given as it is, anything else as JSON. */
function wholePayload(ctx: MessageContext): SynapseValue {
  const { content } = ctx.message
  if (!content.isXml) {
    const value = content.json()
    if (value !== undefined) return fromJson(value, true)
    const text = content.isBinary ? '' : content.text()
    if (text === '') throw new SynapseError('there is no payload')
    return text
  }
  const elements = bodyOf(content.envelope())?.children ?? []
  if (elements.length === 0) throw new SynapseError('there is no payload')
  return elements.length === 1 ? elements[0] : elements
}

function payloadPath(path: readonly SynapseStep[], text: string, compile: Compile): Evaluate {
  const follow = compilePath(path, text, compile)
  return ctx => {
    const root = ctx.message.content.json()
    if (root === undefined) throw new SynapseError('there is no payload')
    return follow(root, ctx)
  }
}

function variable(name: string, path: readonly SynapseStep[], text: string, compile: Compile): Evaluate {
  const read = (ctx: MessageContext): unknown => {
    const value = ctx.variables.get(name)
    if (value === undefined) throw new SynapseError(`Variable ${name} is not defined`)
    return value
  }
  if (path.length === 0) {
    return ctx => {
      const value = read(ctx)
      return typeof value === 'string' ? value : fromProperty(value)
    }
  }
  const follow = compilePath(path, text, compile)
  const [first, ...rest] = path
  const inside = first?.kind === 'name' ? intoMap(first.name, rest, text, compile) : undefined
  return ctx => {
    const value = read(ctx)
    if (!(value instanceof Map)) return follow(jsonIn(value, name), ctx)
    if (!inside) throw new SynapseError(`${text} leads nowhere`)
    return inside(value, ctx)
  }
}

/** A map of values, as a connector leaves it, may hold JSON as text, and XML. */
function intoMap(
  key: string,
  rest: readonly SynapseStep[],
  text: string,
  compile: Compile,
): (map: ReadonlyMap<unknown, unknown>, ctx: MessageContext) => SynapseValue {
  const follow = rest.length === 0 ? undefined : compilePath(rest, text, compile)
  const [next, ...further] = rest
  const inside = next?.kind === 'name' ? intoMap(next.name, further, text, compile) : undefined
  return (map, ctx) => {
    const value = map.get(key)
    if (value === undefined) throw new SynapseError(`${text} leads nowhere`)
    if (!follow) return typeof value === 'string' ? value : fromProperty(value)
    if (value instanceof Map && inside) return inside(value, ctx)
    return follow(jsonIn(value, key), ctx)
  }
}

function jsonIn(value: unknown, name: string): unknown {
  if (typeof value === 'string') return jsonOf(value, `variable ${name}`)
  if (value instanceof XmlElement || isNodeList(value)) {
    throw new SynapseError(`${name} holds XML; xpath(…, '${name}') looks into it`)
  }
  return value
}
