import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import { type Outcome, STOP, type Step } from '../core/step.ts'
import { compileJsonPath, type JsonPath } from '../expressions/jsonpath.ts'
import { setAt } from '../expressions/jsonpath-edit.ts'
import type { Expression } from '../expressions/value.ts'
import { cloneJson } from '../message/codecs/json.ts'
import { payloadOf, wrap } from '../message/codecs/soap.ts'
import { Content } from '../message/content.ts'
import { XmlElement, type XmlNode } from '../message/xml/tree.ts'
import { runBranch } from '../sequences/branch.ts'
import { nodesOf } from './parts.ts'

/** How the second kind of foreach runs. */
export interface CollectionLoopOptions {
  readonly collection: Expression
  readonly parallel: boolean
  readonly updateOriginal: boolean
  readonly targetVariable: string | undefined
  readonly resultType: 'JSON' | 'XML' | undefined
  readonly resultElement: string | undefined
  readonly counterVariable: string | undefined
  readonly continueWithout: boolean
}

/** Compiles the loop that runs its body on a copy of the message for each part of a collection. */
export function collectionLoop(options: CollectionLoopOptions, body: Step): Step {
  const { collection, parallel, counterVariable, continueWithout } = options
  const place = placeOf(collection)
  const keep = keeper(options, place)

  const runAll = async (forks: readonly MessageContext[]): Promise<readonly (Content | undefined)[]> => {
    if (parallel) return Promise.all(forks.map(fork => runOne(fork, body)))
    const results: (Content | undefined)[] = []
    for (const fork of forks) results.push(await runOne(fork, body))
    return results
  }

  return ctx => {
    const parts = partsIn(collection, ctx)
    if (parts.length === 0) return undefined
    const forks = parts.map((part, i) => {
      const fork = ctx.fork()
      fork.message.content = contentOf(part, ctx)
      if (counterVariable) fork.variables.set(counterVariable, i)
      return fork
    })
    const done = runAll(forks)
    if (continueWithout) {
      ctx.spawn(done.then(() => undefined))
      return undefined
    }
    return done.then((results): Outcome => {
      // Where a part came to no end the message goes no further; its fault sequence has run.
      if (results.some(result => result === undefined)) return STOP
      keep(ctx, results as readonly Content[])
      return undefined
    })
  }
}

async function runOne(fork: MessageContext, body: Step): Promise<Content | undefined> {
  const through = await runBranch(fork, body)
  return through.includes(fork) ? fork.message.content : undefined
}

function partsIn(collection: Expression, ctx: MessageContext): readonly unknown[] {
  const selected = collection.nodes?.(ctx) ?? collection.value(ctx)
  const value = typeof selected === 'string' ? parsed(selected) : selected
  if (Array.isArray(value)) return value
  const nodes = nodesOf(value)
  if (nodes.length > 0) return nodes
  throw new Fault(0, `foreach: ${collection.source} did not resolve to a valid array`)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function isNode(value: unknown): value is XmlNode {
  return typeof value === 'object' && value !== null && 'nodeType' in value
}

function contentOf(part: unknown, ctx: MessageContext): Content {
  if (!isNode(part)) return Content.ofJson(part).share()
  if (part.nodeType !== 1) return Content.ofText(part.nodeType === 3 ? part.data : '')
  const { mediaType } = ctx.message.content
  return Content.ofEnvelope(wrap([part.clone()]), mediaType.includes('xml') ? mediaType : 'application/xml')
}

/** Where the collection stands, so that what becomes of its parts can be put there. */
type Place =
  | { readonly kind: 'payload'; readonly path: JsonPath }
  | { readonly kind: 'variable'; readonly name: string; readonly path: JsonPath | undefined }
  | { readonly kind: 'nodes' }

function placeOf({ source }: Expression): Place {
  const payload = /^\$\{\s*(?:payload|\$)((?:\.|\[).*)?\}$/s.exec(source)
  if (payload) return { kind: 'payload', path: compileJsonPath(`$${(payload[1] ?? '').trim()}`) }
  const variable = /^\$\{\s*vars\.([A-Za-z_][\w-]*)((?:\.|\[).*)?\}$/s.exec(source)
  if (!variable) return { kind: 'nodes' }
  const rest = (variable[2] ?? '').trim()
  return { kind: 'variable', name: variable[1]!, path: rest === '' ? undefined : compileJsonPath(`$${rest}`) }
}

type Keep = (ctx: MessageContext, results: readonly Content[]) => void

function keeper(options: CollectionLoopOptions, place: Place): Keep {
  const { targetVariable, resultType, resultElement, updateOriginal } = options
  if (!updateOriginal) {
    return (ctx, results) =>
      ctx.variables.set(
        targetVariable!,
        resultType === 'XML' ? inElement(resultElement!, results) : values(results),
      )
  }
  if (place.kind === 'payload') {
    return (ctx, results) => {
      const root = cloneJson(ctx.message.content.json())
      const edited = setAt(place.path, root, values(results))
      ctx.message.content = Content.ofJson(edited.root)
    }
  }
  if (place.kind === 'variable') {
    const { name, path } = place
    return (ctx, results) => {
      const held = ctx.variables.get(name)
      const root: unknown = typeof held === 'string' ? parsed(held) : held
      ctx.variables.set(name, path ? setAt(path, cloneJson(root), values(results)).root : values(results))
    }
  }
  return (ctx, results) => {
    ctx.message.content.editEnvelope()
    const nodes = options.collection.nodes?.(ctx) ?? nodesOf(options.collection.value(ctx))
    nodes.forEach((node, i) => {
      const result = results[i] && payloadOf(results[i].envelope())
      if (result && node.nodeType === 1) node.replaceWith(result.clone())
    })
  }
}

function values(results: readonly Content[]): unknown[] {
  return results.map(result => result.json() ?? null)
}

function inElement(name: string, results: readonly Content[]): XmlElement {
  const element = new XmlElement(name)
  for (const result of results) {
    const payload = payloadOf(result.envelope())
    if (payload) element.append(payload.clone())
  }
  return element
}
