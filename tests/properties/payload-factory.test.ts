import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { json } from '../support/mediate.ts'
import { CASES, flow, type Shape, shapes, shown, xmlEscaped } from './flow.ts'

/** Where an argument comes from: a member of the payload by JSONPath, a property by XPath, or fixed text. */
type Origin = { readonly from: 'member' | 'property'; readonly name: string; readonly literal: boolean }

/** A piece of a template: text, or the number of an argument. */
type Piece = string | number

interface Model {
  readonly pieces: readonly Piece[]
  readonly origins: readonly Origin[]
}

const NAMES = ['a', 'b', 'c']

const origin: fc.Arbitrary<Origin> = fc.record({
  from: fc.constantFrom('member' as const, 'property' as const),
  name: fc.constantFrom(...NAMES),
  literal: fc.boolean(),
})

const origins = fc.array(origin, { minLength: 1, maxLength: 12 })

function args(list: readonly Origin[]): string {
  return list
    .map(({ from, name, literal }) => {
      const attributes =
        from === 'member' ? `evaluator="json" expression="$.${name}"` : `expression="$ctx:${name}"`
      return `<arg ${attributes}${literal ? ' literal="true"' : ''}/>`
    })
    .join('')
}

/** Text that stands between placeholders: no digit can follow `$n`, and nothing begins a placeholder. */
const between = fc.constantFrom('', ' ', ', ', '"x": ', 'ü€𝄞', ' & ', '$', '$x', '{}', '\\', "'", '<')

/** Pieces that name arguments there are, with text around each. */
const model: fc.Arbitrary<Model> = origins.chain(list =>
  fc
    .array(fc.tuple(between, fc.integer({ min: 1, max: list.length })), { minLength: 1, maxLength: 6 })
    .map(pairs => ({ origins: list, pieces: pairs.flat() })),
)

/** Plain text, JSON and XML; what is what is known by how it is made. */
interface Value {
  readonly kind: 'text' | 'object' | 'xml' | 'nothing'
  readonly text: string
  /** What the payload has under the name of the property. */
  readonly member: unknown
  /** The JSON form of XML. */
  readonly asJson?: string
  /** The XML form of JSON. */
  readonly asXml?: string
}

const characters = fc.string({ unit: fc.constantFrom(...'ab 0.\t\n\r"\\/&<>\'{}[]$1é€𝄞'), maxLength: 8 })
const word = fc.string({ unit: fc.constantFrom(...'xyz'), minLength: 1, maxLength: 3 })

const value: fc.Arbitrary<Value> = fc.oneof(
  characters
    .filter(text => !/^\s*[<{[]/.test(text))
    .map((text): Value => ({ kind: 'text', text, member: text })),
  // Text that only looks like XML.
  word.map((name): Value => ({ kind: 'text', text: `<${name}>`, member: `<${name}>` })),
  fc
    .constantFrom(0, 12, -2.5, true, false)
    .map((each): Value => ({ kind: 'text', text: `${each}`, member: each })),
  fc
    .tuple(
      word,
      characters.filter(text => !/[\r]/.test(text)),
    )
    .map(
      ([name, text]): Value => ({
        kind: 'object',
        text: JSON.stringify({ [name]: [text, text] }),
        member: { [name]: [text, text] },
        asXml: element(name, text).repeat(2),
      }),
    ),
  fc.tuple(word, word).map(
    ([name, text]): Value => ({
      kind: 'xml',
      text: `<${name}>${text}</${name}>`,
      member: `<${name}>${text}</${name}>`,
      asJson: `{"${name}":"${text}"}`,
    }),
  ),
  fc.constant<Value>({ kind: 'nothing', text: '', member: undefined }),
)

const values = fc
  .record({ a: value, b: value, c: value })
  .map(each => shown(each, JSON.stringify(Object.values(each).map(({ kind, text }) => [kind, text]))))

type Values = Readonly<Record<string, Value>>

function flowed(fragment: string, given: Values): ReturnType<typeof flow> {
  const members = Object.fromEntries(NAMES.map(name => [name, given[name]!.member]))
  const properties = Object.fromEntries(
    NAMES.map(name => [name, given[name]!.kind === 'nothing' ? undefined : given[name]!.text]),
  )
  return flow(fragment, json(members), properties)
}

const element = (name: string, text: string): string =>
  text === '' ? `<${name}/>` : `<${name}>${textEscaped(text)}</${name}>`

function textEscaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#xD;')
}

function attributeEscaped(text: string): string {
  return textEscaped(text).replaceAll('"', '&quot;').replaceAll('\t', '&#x9;').replaceAll('\n', '&#xA;')
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}
const jsonEscaped = (text: string): string =>
  [...text].map(character => ESCAPES[character] ?? character).join('')

function inJson({ from, name, literal }: Origin, given: Values): string {
  const { kind, text, asJson } = given[name]!
  if (kind === 'object' && !literal) return text
  return kind === 'xml' && from === 'property' && !literal ? asJson! : jsonEscaped(text)
}

const jsonFactories: fc.Arbitrary<Shape<Model>> = model.map(each => {
  const format = `{"v": "${each.pieces.map(piece => (typeof piece === 'number' ? `$${piece}` : piece)).join('')}"}`
  return {
    fragment: `<payloadFactory media-type="json"><format>${xmlEscaped(format)}</format><args>${args(each.origins)}</args></payloadFactory>`,
    model: each,
  }
})

test('payloadFactory writes JSON as its template and arguments say', async () => {
  await fc.assert(
    fc.asyncProperty(
      shapes(jsonFactories),
      values,
      async ({ fragment, model: { pieces, origins } }, given) => {
        const { ctx } = await flowed(fragment, given)
        const inside = pieces.map(piece =>
          typeof piece === 'number' ? inJson(origins[piece - 1]!, given) : piece,
        )
        expect(ctx.message.content.bytes.toString()).toBe(`{"v": "${inside.join('')}"}`)
      },
    ),
    { numRuns: CASES / 2 },
  )
}, 60_000)

function inXml({ from, name }: Origin, given: Values): string {
  const { kind, text, asXml } = given[name]!
  if (kind === 'object' && from === 'member') return asXml!
  return kind === 'xml' ? text : textEscaped(text)
}

/** An attribute takes what elements say, without their tags. */
function inAttribute({ from, name }: Origin, given: Values): string {
  const { kind, text, member } = given[name]!
  if (kind === 'object' && from === 'member')
    return attributeEscaped((Object.values(member as Record<string, string[]>)[0] ?? []).join(''))
  return kind === 'xml' ? text.replace(/<[^>]*>/g, '') : attributeEscaped(text)
}

const xmlFactories: fc.Arbitrary<Shape<Model>> = model.map(each => {
  const format = xmlEscaped(
    each.pieces.map(piece => (typeof piece === 'number' ? `$${piece}` : piece)).join(''),
  )
  return {
    fragment: `<payloadFactory><format><e a="${format}"><f>.${format}.</f></e></format><args>${args(each.origins)}</args></payloadFactory>`,
    model: each,
  }
})

test('payloadFactory writes XML as its template and arguments say', async () => {
  await fc.assert(
    fc.asyncProperty(
      shapes(xmlFactories),
      values,
      async ({ fragment, model: { pieces, origins } }, given) => {
        const { ctx } = await flowed(fragment, given)
        const joined = (
          escaped: (text: string) => string,
          put: (from: Origin, values: Values) => string,
        ): string =>
          pieces
            .map(piece => (typeof piece === 'number' ? put(origins[piece - 1]!, given) : escaped(piece)))
            .join('')
        const expected = `<e a="${joined(attributeEscaped, inAttribute)}"><f>.${joined(textEscaped, inXml)}.</f></e>`
        expect(ctx.message.content.bytes.toString()).toBe(expected)
      },
    ),
    { numRuns: CASES / 2 },
  )
}, 60_000)
