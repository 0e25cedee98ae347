import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { json, xml } from '../support/mediate.ts'
import { CASES, flow, type Shape, shapes, shown, xmlEscaped } from './flow.ts'

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
type Path = readonly (string | number)[]

const key = fc.constantFrom('a', 'b', 'c')
const path: fc.Arbitrary<Path> = fc.array(fc.oneof({ weight: 3, arbitrary: key }, fc.nat({ max: 2 })), {
  minLength: 1,
  maxLength: 3,
})
const { value } = fc.letrec<{ value: Json }>(tie => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<Json>(null, true, 0, 2.5, '', 'text', 'ü "q"\n'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(key, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
}))

const written = (steps: Path): string =>
  `json-eval($${steps.map(step => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('')})`

/** What an enrichment does, in terms of the model. */
type Change =
  | {
      readonly kind: 'replace' | 'child'
      readonly at: Path
      readonly given: Json | Path
      readonly isCopy: boolean
    }
  | { readonly kind: 'remove'; readonly at: readonly Path[] }
  | { readonly kind: 'rename'; readonly at: Path; readonly name: string }
  | { readonly kind: 'body'; readonly given: Json }

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('replace' as const, 'child' as const),
    at: path,
    given: value,
    isCopy: fc.constant(false),
  }),
  fc.record({
    kind: fc.constantFrom('replace' as const, 'child' as const),
    at: path,
    given: path,
    isCopy: fc.constant(true),
  }),
  fc.record({ kind: fc.constant('remove' as const), at: fc.array(path, { minLength: 1, maxLength: 2 }) }),
  fc.record({ kind: fc.constant('rename' as const), at: path, name: key }),
  fc.record({ kind: fc.constant('body' as const), given: value }),
)

function fragmentOf(each: Change): string {
  const inline = (given: Json): string =>
    `<source type="inline">${xmlEscaped(JSON.stringify(given))}</source>`
  switch (each.kind) {
    case 'replace':
    case 'child': {
      const source = each.isCopy
        ? `<source xpath="${written(each.given as Path)}"/>`
        : inline(each.given as Json)
      return `<enrich>${source}<target action="${each.kind}" xpath="${written(each.at)}"/></enrich>`
    }
    case 'remove': {
      const paths = each.at.map(steps => written(steps).slice('json-eval('.length, -1)).join(', ')
      return `<enrich><source xpath="json-eval(${paths})"/><target type="body" action="remove"/></enrich>`
    }
    case 'rename':
      return `<enrich><source type="inline">${each.name}</source><target type="key" xpath="${written(each.at)}"/></enrich>`
    case 'body':
      return `<enrich>${inline(each.given)}<target type="body"/></enrich>`
  }
}

const FAULT = 'fault'
const NOWHERE = Symbol('nowhere')

function find(whole: Json, [step, ...rest]: Path): Json | typeof NOWHERE {
  if (step === undefined) return whole
  if (Array.isArray(whole))
    return typeof step === 'number' && step < whole.length ? find(whole[step], rest) : NOWHERE
  if (typeof whole !== 'object' || whole === null || typeof step === 'number') return NOWHERE
  const members = whole as Readonly<Record<string, Json>>
  return Object.hasOwn(members, step) ? find(members[step]!, rest) : NOWHERE
}

/** The document with what stands at a place changed by a function; a fault where the place is not there. */
function changed(
  whole: Json,
  [step, ...rest]: Path,
  change: (holder: Json, step: string | number) => Json | undefined,
): Json | undefined {
  if (rest.length === 0) return change(whole, step!)
  const inside = find(whole, [step!])
  if (inside === NOWHERE) return undefined
  const made = changed(inside, rest, change)
  return made === undefined ? undefined : put(whole, step!, made)
}

function put(whole: Json, step: string | number, made: Json): Json | undefined {
  if (Array.isArray(whole)) {
    if (typeof step !== 'number' || step > whole.length) return undefined
    return [...whole.slice(0, step), made, ...whole.slice(step + 1)]
  }
  if (typeof whole !== 'object' || whole === null || typeof step === 'number') return undefined
  return { ...whole, [step]: made }
}

function add(target: Json | typeof NOWHERE, given: Json): Json | undefined {
  if (Array.isArray(target)) return [...target, given]
  const isMembers = (each: unknown): each is object =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
  return isMembers(target) && isMembers(given) ? ({ ...target, ...given } as Json) : undefined
}

function without(whole: Json, step: string | number): Json | undefined {
  if (find(whole, [step]) === NOWHERE) return undefined
  if (Array.isArray(whole)) return whole.filter((_, index) => index !== step)
  return Object.fromEntries(Object.entries(whole as object).filter(([name]) => name !== step))
}

function renamed(whole: Json, step: string | number, name: string): Json | undefined {
  if (find(whole, [step]) === NOWHERE || Array.isArray(whole)) return undefined
  const members = Object.entries(whole as Readonly<Record<string, Json>>)
  return Object.fromEntries(
    members
      .filter(([old]) => old === step || old !== name)
      .map(([old, each]) => [old === step ? name : old, each]),
  )
}

/** The payload after an enrichment; 'fault' where it is one, and nothing changed. */
function foretold(whole: Json, each: Change): Json {
  switch (each.kind) {
    case 'replace':
    case 'child': {
      const given = each.isCopy ? find(whole, each.given as Path) : (each.given as Json)
      // A source that gives nothing changes nothing.
      if (given === NOWHERE) return whole
      const made = changed(whole, each.at, (holder, step) => {
        if (each.kind === 'replace') return put(holder, step, given)
        const target = add(find(holder, [step]), given)
        return target === undefined ? undefined : put(holder, step, target)
      })
      return made === undefined ? FAULT : made
    }
    case 'remove': {
      let left: Json | undefined = whole
      for (const at of each.at) left = left === undefined ? left : changed(left, at, without)
      return left === undefined ? FAULT : left
    }
    case 'rename':
      return changed(whole, each.at, (holder, step) => renamed(holder, step, each.name)) ?? FAULT
    case 'body':
      return typeof each.given === 'object' && each.given !== null ? each.given : FAULT
  }
}

const enrichments: fc.Arbitrary<Shape<Change>> = change.map(model => ({ fragment: fragmentOf(model), model }))
const payload = fc
  .oneof(fc.dictionary(key, value, { maxKeys: 3, noNullPrototype: true }), fc.array(value, { maxLength: 3 }))
  .map(each => shown(each, JSON.stringify(each)))

test('enrich changes JSON as a model of it does', async () => {
  await fc.assert(
    fc.asyncProperty(shapes(enrichments), payload, async ({ fragment, model }, whole) => {
      const text = JSON.stringify(whole)
      const { ctx } = await flow(fragment, json(text))
      const expected = foretold(JSON.parse(text) as Json, model)
      if (expected === FAULT) expect(ctx.properties.get('ERROR_CODE')).toBe(0)
      else expect(ctx.message.content.bytes.toString()).toBe(JSON.stringify(expected))
    }),
    { numRuns: CASES / 2 },
  )
}, 60_000)

/** A flat document: elements by name, each with a text. */
type Elements = readonly (readonly [name: string, text: string])[]
interface XmlChange {
  readonly action: 'replace' | 'child' | 'sibling' | 'remove'
  readonly name: string
  /** An element, or undefined for text. */
  readonly element: string | undefined
}

const xmlChanges: fc.Arbitrary<Shape<XmlChange>> = fc
  .record({
    action: fc.constantFrom('replace' as const, 'child' as const, 'sibling' as const, 'remove' as const),
    name: key,
    element: fc.option(fc.constantFrom('n', 'a'), { nil: undefined }),
  })
  .map(model => {
    const source = `<source type="inline">${model.element === undefined ? 'new' : `<${model.element}/>`}</source>`
    const fragment =
      model.action === 'remove'
        ? `<enrich><source xpath="//${model.name}"/><target type="body" action="remove"/></enrich>`
        : `<enrich>${source}<target action="${model.action}" xpath="//${model.name}"/></enrich>`
    return { fragment, model }
  })

const writtenElement = (name: string, inside: string): string =>
  inside === '' ? `<${name}/>` : `<${name}>${inside}</${name}>`

function foretoldXml(elements: Elements, { action, name, element }: XmlChange): string | undefined {
  const given = element === undefined ? 'new' : `<${element}/>`
  if (action !== 'remove' && !elements.some(([each]) => each === name)) return undefined
  const inside = elements.map(([each, text]) => {
    const present = writtenElement(each, text)
    if (each !== name) return present
    if (action === 'remove') return ''
    if (action === 'sibling') return present + given
    if (action === 'child') return writtenElement(each, text + given)
    return element === undefined ? writtenElement(each, given) : given
  })
  return writtenElement('r', inside.join(''))
}

const elements = fc
  .array(fc.tuple(key, fc.constantFrom('', 'text', '1')), { maxLength: 5 })
  .map(each => shown(each, JSON.stringify(each)))

test('enrich changes XML as a model of it does', async () => {
  await fc.assert(
    fc.asyncProperty(shapes(xmlChanges), elements, async ({ fragment, model }, list) => {
      const before = writtenElement('r', list.map(([name, text]) => writtenElement(name, text)).join(''))
      const { ctx } = await flow(fragment, xml(before))
      const expected = foretoldXml(list, model)
      if (expected === undefined) expect(ctx.properties.get('ERROR_CODE')).toBe(0)
      else expect(ctx.message.content.bytes.toString()).toBe(expected)
    }),
    { numRuns: CASES / 2 },
  )
}, 60_000)
