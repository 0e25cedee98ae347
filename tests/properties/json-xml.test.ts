import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { json, xml } from '../support/mediate.ts'
import { CASES, flow, shown } from './flow.ts'

const answerAs = (type: string): string =>
  `<property name="messageType" scope="axis2" value="${type}"/><respond/>`
const TO_XML = answerAs('application/xml')
const TO_JSON = answerAs('application/json')

/** An element as the model has it: text or children, never both. */
interface Tree {
  readonly name: string
  readonly attributes: readonly (readonly [name: string, value: string])[]
  readonly inside: string | readonly Tree[]
}

const TEXTS = [
  '',
  'x',
  'two words',
  'a & b < c > "d"',
  'ü€𝄞',
  '0',
  '-12',
  '2.50',
  '1e3',
  '007',
  '+1',
  '.5',
  '12345678901234567890',
  'true',
  'false',
  'null',
  'TRUE',
  'NaN',
]
const text = fc.constantFrom(...TEXTS)
const name = fc.constantFrom('a', 'b', 'c-d', 'e.f', '_g', 'é')

const { tree } = fc.letrec<{ tree: Tree }>(tie => ({
  tree: fc.record({
    name,
    attributes: fc.uniqueArray(fc.tuple(name, text), { maxLength: 2, selector: ([each]) => each }),
    inside: fc.oneof(
      { maxDepth: 3, depthSize: 'small', withCrossShrink: true },
      text,
      fc.array(tie('tree'), { minLength: 1, maxLength: 4 }),
    ),
  }),
}))

const escaped = (value: string): string =>
  value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

function write({ name, attributes, inside }: Tree): string {
  const given = attributes
    .map(([each, value]) => ` ${each}="${escaped(value).replaceAll('"', '&quot;')}"`)
    .join('')
  const content = typeof inside === 'string' ? escaped(inside) : inside.map(write).join('')
  return content === '' ? `<${name}${given}/>` : `<${name}${given}>${content}</${name}>`
}

/** Text that is a number, a boolean or null in JSON stands bare; any other in quotes; none is null. */
function scalar(value: string): string {
  if (value === '') return 'null'
  return /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/.test(value)
    ? value
    : JSON.stringify(value)
}

function toJson({ attributes, inside }: Tree): string {
  if (attributes.length === 0 && typeof inside === 'string') return scalar(inside)
  const members = new Map(attributes.map(([each, value]) => [`@${each}`, [JSON.stringify(value)]]))
  if (typeof inside === 'string') {
    if (inside !== '') members.set('$', [scalar(inside)])
  } else {
    for (const child of inside) members.set(child.name, [...(members.get(child.name) ?? []), toJson(child)])
  }
  const written = [...members].map(
    ([key, values]) => `${JSON.stringify(key)}:${values.length > 1 ? `[${values.join(',')}]` : values[0]}`,
  )
  return `{${written.join(',')}}`
}

test('XML becomes the JSON that the rules say', async () => {
  const trees = tree.map(each => shown(each, write(each)))
  await fc.assert(
    fc.asyncProperty(trees, async root => {
      const { replies } = await flow(TO_JSON, xml(write(root)))
      expect(replies).toEqual([`{"${root.name}":${toJson(root)}}`])
    }),
    { numRuns: CASES / 2 },
  )
}, 60_000)

/** JSON as the model has it: numbers are their digits. */
type Model =
  | { readonly kind: 'scalar'; readonly json: string; readonly text: string }
  | { readonly kind: 'array'; readonly items: readonly Model[] }
  | { readonly kind: 'object'; readonly members: readonly (readonly [key: string, value: Model])[] }

const scalars: fc.Arbitrary<Model> = fc.oneof(
  fc.constantFrom('0', '-12', '2.50', '1e3', '12345678901234567890', 'true', 'false').map(digits => ({
    kind: 'scalar' as const,
    json: digits,
    text: digits,
  })),
  text.map(each => ({ kind: 'scalar' as const, json: JSON.stringify(each), text: each })),
  fc.constant({ kind: 'scalar' as const, json: 'null', text: '' }),
)

const key = fc.oneof(name, fc.constantFrom('1st', '$x', '__proto__', 'constructor'))

const { value, object } = fc.letrec<{ value: Model; object: Model; array: Model }>(tie => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small', withCrossShrink: true },
    scalars,
    tie('object'),
    tie('array'),
  ),
  array: fc.array(tie('value'), { maxLength: 3 }).map(items => ({ kind: 'array' as const, items })),
  object: fc
    .uniqueArray(fc.tuple(key, tie('value')), { maxLength: 4, selector: ([each]) => each })
    .map(members => ({ kind: 'object' as const, members })),
}))

function writeJson(model: Model): string {
  if (model.kind === 'scalar') return model.json
  if (model.kind === 'array') return `[${model.items.map(writeJson).join(',')}]`
  return `{${model.members.map(([each, inside]) => `${JSON.stringify(each)}:${writeJson(inside)}`).join(',')}}`
}

function elementName(given: string): string {
  if (/^\d/.test(given)) return `_JsonReader_PD_${given}`
  return given.startsWith('$') ? `_JsonReader_PS_${given.slice(1)}` : given
}

const element = (named: string, inside: string): string =>
  inside === '' ? `<${named}/>` : `<${named}>${inside}</${named}>`

/** An array right inside an array has an element of its own. */
function toXml(named: string, model: Model): string {
  if (model.kind === 'scalar') return element(named, escaped(model.text))
  if (model.kind === 'array') return element(named, arrayXml(model.items))
  const members = model.members.map(([each, inside]) =>
    inside.kind === 'array'
      ? inside.items.map(item => toXml(elementName(each), item)).join('')
      : toXml(elementName(each), inside),
  )
  return element(named, members.join(''))
}

const arrayXml = (items: readonly Model[]): string =>
  element('jsonArray', items.map(item => toXml('jsonElement', item)).join(''))

const root = fc
  .oneof(
    object,
    value.filter(({ kind }) => kind === 'array'),
  )
  .map(each => shown(each, writeJson(each)))

test('JSON becomes the XML that the rules say', async () => {
  await fc.assert(
    fc.asyncProperty(root, async model => {
      const { replies } = await flow(TO_XML, json(writeJson(model)))
      const expected = model.kind === 'array' ? arrayXml(model.items) : toXml('jsonObject', model)
      expect(replies).toEqual([expected])
    }),
    { numRuns: CASES / 2 },
  )
}, 60_000)
