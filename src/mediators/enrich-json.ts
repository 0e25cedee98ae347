import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { PropertyValue } from '../core/properties.ts'
import { compileJsonPath, type JsonPath } from '../expressions/jsonpath.ts'
import { addAt, deleteAt, renameAt, setAt } from '../expressions/jsonpath-edit.ts'
import { accessor } from '../expressions/scopes.ts'
import { nodesOf } from '../expressions/value.ts'
import { cloneJson, parseJson, writeJson } from '../message/codecs/json.ts'
import { Content } from '../message/content.ts'
import { ContentError } from '../message/content-error.ts'
import type { EnrichSource, EnrichTarget } from './enrich-fields.ts'
import { type InlineValue, invalidTarget } from './enrich-source.ts'

/** Nothing that JSON could hold: what there is has to be treated as XML. */
const NO_JSON: unique symbol = Symbol('no JSON')
/** Nothing at all. */
const NOTHING: unique symbol = Symbol('nothing')

const ROOT = compileJsonPath('$')

/** Gives the value to put in; what it gives belongs to the caller. */
type Take = (ctx: MessageContext) => unknown
/** Puts a value in. */
type Put = (ctx: MessageContext, value: unknown) => void

/** Enriches a message as JSON; false when it cannot, and XML is the way. */
export type JsonEnrichment = (ctx: MessageContext) => boolean

/** Compiles an enrichment of JSON payloads; undefined where source and target ask for XML. */
export function compileJson(
  source: EnrichSource,
  target: EnrichTarget,
  inline: ((ctx: MessageContext) => InlineValue) | undefined,
): JsonEnrichment | undefined {
  if (target.action === 'remove') return removal(source, target)
  const take = taking(source, inline)
  const put = putting(target)
  if (!take || !put) return undefined
  return ctx => {
    if (!isJson(ctx.message.content)) return false
    const value = take(ctx)
    if (value === NO_JSON) return false
    if (value === NOTHING)
      ctx.log.error({ message: ctx.id }, `${ctx.service.label}enrich: the source gives nothing`)
    else put(ctx, value)
    return true
  }
}

/** Whether the payload is JSON, or was until an XPath changed it. */
function isJson(content: Content): boolean {
  return content.isJson || (content.form === 'envelope' && /[/+]json$/.test(content.mediaType))
}

function taking(
  { type, clone, paths, property }: EnrichSource,
  inline: ((ctx: MessageContext) => InlineValue) | undefined,
): Take | undefined {
  switch (type) {
    case 'custom': {
      const path = paths?.[0]?.path
      return path && (clone ? ctx => copyAt(ctx, path) : ctx => moveFrom(ctx, path))
    }
    case 'body':
      return clone ? wholeBody : moveBody
    case 'property': {
      const { get } = accessor('default', property!)
      return ctx => ofProperty(get(ctx))
    }
    case 'inline':
      return ctx => {
        const value = inline!(ctx)
        return typeof value === 'string' ? parsed(value) : NO_JSON
      }
    case 'envelope':
      return undefined
  }
}

function copyAt(ctx: MessageContext, path: JsonPath): unknown {
  const { found, value } = path.find(ctx.message.content.json())
  return found ? cloneJson(value) : NOTHING
}

function moveFrom(ctx: MessageContext, path: JsonPath): unknown {
  const value = copyAt(ctx, path)
  if (value !== NOTHING) afterEdit(ctx, deleteAt(path, ctx.message.content.editJson()).root)
  return value
}

/** The text as it came, so that it can be put back as it was. */
class JsonText {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

function wholeBody(ctx: MessageContext): JsonText {
  return new JsonText(ctx.message.content.as('application/json').toString())
}

function moveBody(ctx: MessageContext): JsonText {
  const { content } = ctx.message
  const text = wholeBody(ctx)
  ctx.message.content = Content.ofJson({}, content.mediaType)
  return text
}

function ofProperty(value: PropertyValue): unknown {
  if (value === undefined || value === null) return NOTHING
  if (typeof value === 'string') return parsed(value)
  if (nodesOf(value)) return NO_JSON
  return cloneJson(value instanceof Map ? Object.fromEntries(value) : value)
}

/** Text that is no JSON is a JSON string; XML has to be treated as such. */
function parsed(text: string): unknown {
  try {
    return parseJson(text)
  } catch (error) {
    if (!(error instanceof ContentError)) throw error
    return /^\s*</.test(text) ? NO_JSON : text
  }
}

function putting({ type, action, xpath, property }: EnrichTarget): Put | undefined {
  switch (type) {
    case 'body':
      return action === 'replace' ? replaceBody : intoBody
    case 'custom': {
      const path = xpath?.path
      if (!path) return undefined
      const edit = action === 'child' ? addAt : setAt
      return (ctx, value) => {
        const { root, places } = edit(path, ctx.message.content.editJson(), plain(value))
        if (places === 0) throw invalidTarget(`${xpath.source} leads to nothing that could take it`)
        afterEdit(ctx, root)
      }
    }
    case 'property':
      return action === 'child' ? intoProperty(property!) : setProperty(property!)
    case 'key': {
      const path = xpath!.path
      if (!path) return undefined
      return (ctx, value) => {
        const { root, places } = renameAt(path, ctx.message.content.editJson(), nameOf(value))
        if (places === 0) throw invalidTarget(`${xpath!.source} leads to no member`)
        afterEdit(ctx, root)
      }
    }
    case 'envelope':
      return undefined
  }
}

function plain(value: unknown): unknown {
  return value instanceof JsonText ? parseJson(value.text) : value
}

function nameOf(value: unknown): string {
  const name = plain(value)
  return typeof name === 'string' ? name : writeJson(name)
}

function replaceBody(ctx: MessageContext, given: unknown): void {
  const value = plain(given)
  if (typeof value !== 'object' || value === null)
    throw invalidTarget('the payload can be replaced by a JSON object or array only')
  ctx.message.content = Content.ofJson(value, ctx.message.content.mediaType)
}

function intoBody(ctx: MessageContext, given: unknown): void {
  const { places } = addAt(ROOT, ctx.message.content.editJson(), plain(given))
  if (places === 0)
    throw invalidTarget('the payload takes members where it is a JSON object, items where it is an array')
}

function setProperty(name: string): Put {
  const { set } = accessor('default', name)
  return (ctx, value) => set(ctx, value instanceof JsonText ? value.text : writeJson(value))
}

function intoProperty(name: string): Put {
  const { get, set } = accessor('default', name)
  return (ctx, value) => {
    const held = ofProperty(get(ctx))
    if (!Array.isArray(held)) throw invalidTarget(`property ${name} holds no JSON array`)
    set(ctx, writeJson([...held, plain(value)]))
  }
}

/** What becomes of the payload when its root itself was replaced or deleted. */
function afterEdit(ctx: MessageContext, root: unknown): void {
  const { content } = ctx.message
  const before = content.json()
  if (root === before) return
  const empty = Array.isArray(before) ? [] : {}
  ctx.message.content = Content.ofJson(root === undefined ? empty : root, content.mediaType)
}

/** Removes what JSONPaths lead to, from the payload or from the JSON in a property. */
function removal({ paths = [] }: EnrichSource, { type, property }: EnrichTarget): JsonEnrichment | undefined {
  const places = paths.map(({ path }) => path).filter(path => path !== undefined)
  if (places.length === 0) return undefined
  if (type === 'property') {
    const { get, set } = accessor('default', property!)
    return ctx => {
      const held = ofProperty(get(ctx))
      if (held === NO_JSON || held === NOTHING || typeof held !== 'object')
        throw invalidTarget(`property ${property} holds no JSON`)
      set(ctx, writeJson(without(held, places, paths) ?? (Array.isArray(held) ? [] : {})))
      return true
    }
  }
  return ctx => {
    afterEdit(ctx, without(ctx.message.content.editJson(), places, paths))
    return true
  }
}

function without(whole: unknown, places: readonly JsonPath[], paths: EnrichSource['paths'] = []): unknown {
  let root = whole
  for (const [i, path] of places.entries()) {
    const edited = deleteAt(path, root)
    if (edited.places === 0) throw new Fault(0, `Nothing to remove: ${paths[i]!.source} leads nowhere`)
    root = edited.root
  }
  return root
}
