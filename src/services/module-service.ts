import type { Source, Span } from '../language/source.ts'
import type { Element } from '../language/xml.ts'
import type { YamlNode } from '../language/yaml.ts'
import { annotated, isBound } from './define-service.ts'
import { functionElement } from './function-mediator.ts'
import type { HookFunction } from './hook-function.ts'
import { isHookName, plainName } from './hook-names.ts'
import { type MadeAttribute, madeElement } from './made-element.ts'
import { attachSchema } from './schema-field.ts'
import { resourceAttributes } from './yaml-resources.ts'
import { serviceElements } from './yaml-service.ts'
import { type MapReading, stepElements } from './yaml-steps.ts'

/** What belongs to hooks: it cannot be turned into text. */
const BRANCHES: ReadonlySet<string> = new Set(['routes', 'route', 'resources', 'resource'])

/**
 * Makes the elements of the services that a module exports: one, a list of them, or a class. Places are those of the
 * options in its text, as far as they can be found there.
 */
export function moduleElements(
  source: Source,
  exported: unknown,
  name: string,
  reading: MapReading,
): Element[] {
  const all = Array.isArray(exported) ? exported : [exported]
  return all.flatMap((each: unknown, i) => {
    const own = all.length > 1 ? `${name}-${i + 1}` : name
    const definition = typeof each === 'function' ? annotated(each as new () => object) : each
    if (typeof definition === 'object' && definition !== null)
      return [serviceOf(source, definition as Record<string, unknown>, own, reading)]
    const message = 'The default export is no service: an object with hooks, or a list of them.'
    reading.diagnostics.error(startOf(source), 'bad-module', message)
    return []
  })
}

function serviceOf(
  source: Source,
  definition: Readonly<Record<string, unknown>>,
  name: string,
  reading: MapReading,
): Element {
  const plain: Record<string, unknown> = {}
  const children: Element[] = []
  for (const [key, value] of Object.entries(definition)) {
    const plainKey = plainName(key)
    if (value === undefined) continue
    if (isHookName(plainKey)) children.push(hookOf(plainKey, placeOf(source, key), value, reading))
    else if (BRANCHES.has(plainKey)) children.push(...branchesOf(plainKey, source, value, reading))
    else plain[key] = value
  }
  const [made] = serviceElements(
    nodeOf(plain, startOf(source), key => placeOf(source, key)),
    name,
    reading,
  )
  return madeElement({
    name: 'service',
    span: startOf(source),
    attributes: made?.attributes ?? [],
    children: [...(made?.children ?? []), ...children],
  })
}

function branchesOf(kind: string, source: Source, value: unknown, reading: MapReading): Element[] {
  const entries = Object.entries((value ?? {}) as Record<string, unknown>)
  return entries.map(([key, hook]) => {
    const span = placeOf(source, key)
    if (kind.startsWith('route'))
      return hookOf('route', span, hook, reading, [{ name: 'key', value: key, nameSpan: span }])
    const flow = hookOf('inSequence', span, hook, reading)
    return madeElement({
      name: 'resource',
      span,
      attributes: resourceAttributes(key, span),
      children: [flow],
    })
  })
}

function hookOf(
  name: string,
  span: Span,
  hook: unknown,
  reading: MapReading,
  attributes: readonly MadeAttribute[] = [],
): Element {
  const { run, schema, as, stream } = isBound(hook) ? hook : { run: hook }
  const isName = typeof run === 'string' && !reading.vocabulary.mediators.has(run)
  const sequence = isName ? [{ name: 'sequence', value: run, nameSpan: span }] : []
  const options = Object.entries({ as, stream }).flatMap(([option, value]) =>
    value === undefined ? [] : [{ name: option, value: String(value), nameSpan: span }],
  )
  const element = madeElement({
    name,
    span,
    attributes: [...attributes, ...sequence, ...options],
    children: isName ? [] : stepsOf(run, span, reading),
  })
  if (schema) attachSchema(element, schema)
  return element
}

function stepsOf(steps: unknown, span: Span, reading: MapReading): Element[] {
  if (Array.isArray(steps)) return steps.flatMap((step: unknown) => stepsOf(step, span, reading))
  if (typeof steps === 'function') return [functionElement(steps as HookFunction, span)]
  return stepElements(
    nodeOf(steps, span, () => span),
    reading,
  )
}

/** Gives a value of JavaScript as one of a file, with places. */
function nodeOf(value: unknown, span: Span, placed: (key: string) => Span): YamlNode {
  if (Array.isArray(value))
    return { kind: 'list', span, items: value.map((item: unknown) => nodeOf(item, span, placed)) }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
      .filter(([, each]) => each !== undefined)
      .map(([key, each]: [string, unknown]) => {
        const place = placed(key)
        return { key, keySpan: place, value: nodeOf(each, place, placed) }
      })
    return { kind: 'map', span, entries }
  }
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return { kind: 'scalar', span, value, text: String(value) }
  return { kind: 'scalar', span, value: null, text: '' }
}

function startOf(source: Source): Span {
  const at = Math.max(0, source.text.search(/\bexport\s+default\b/))
  return { source, start: at, end: Math.min(source.text.length, at + 'export default'.length) }
}

/** Finds where an option is written; the start of the service where it is not found. */
function placeOf(source: Source, key: string): Span {
  const name = key.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const found = new RegExp(`(?<![\\w$.'"-])(['"]?)${name}\\1(?=\\s*[(:,=])`).exec(source.text)
  return found ? { source, start: found.index, end: found.index + found[0].length } : startOf(source)
}
