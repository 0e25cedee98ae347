import { expression } from '../expressions/expression.ts'
import { compileJsonPath, JsonPathSyntaxError } from '../expressions/jsonpath.ts'
import type { Expression } from '../expressions/value.ts'
import { xpathExpression } from '../expressions/xpath-expression.ts'
import type { Wrong } from '../language/declare.ts'
import { attribute, type Config, child } from '../language/field.ts'
import { Expected, integer, oneOf, reference, type Setting, type ValueType } from '../language/types.ts'
import { type Element, OWN_NAMESPACE } from '../language/xml.ts'

/** A text, and what it stands in: how it is read depends on another attribute. */
interface Located {
  readonly text: string
  readonly setting: Setting
}

const located: ValueType<Located> = {
  name: 'JSON member, JSONPath or XPath',
  parse(value, setting) {
    if (value.trim() === '') throw new Expected('the name of a member, or a path')
    return { text: value.trim(), setting }
  },
}

/** It is asked of replies: the request need not be read for it. A JSONPath may stand as it is. */
const condition: ValueType<Expression> = {
  name: 'expression',
  parse(value, setting) {
    const text = value.trim()
    return expression.parse(/^\$[.[]/.test(text) ? `json-eval(${text})` : text, setting)
  },
  warnings: value => value.warnings ?? [],
}

const fields = {
  by: attribute(oneOf('json', 'xpath', 'soap', 'json-rpc', 'lane'), {
    doc: 'What tells which request a reply is for: a member of JSON, a place in XML, the MessageID of WS-Addressing, the id of JSON-RPC, or the link it comes over.',
    required: true,
  }),
  field: attribute(located, {
    doc: 'Where the id stands in a request: the name of a member, `$.a.b` for one inside another, or an XPath to an element or attribute.',
  }),
  replyField: attribute(located, {
    name: 'reply-field',
    doc: 'The same in a reply; default as in the request.',
  }),
  id: attribute(oneOf('inject', 'keep'), {
    doc: 'Whether a request gets an id of its own and the reply that of the caller again (default), or the backend gets the id of the caller.',
  }),
  links: attribute(integer({ min: 1, max: 1000 }), { doc: 'How many links there are.', default: 1 }),
  maxPending: attribute(integer({ min: 1 }), {
    name: 'max-pending',
    doc: 'How many callers may wait for replies, over all links.',
    default: 20_000,
  }),
  replies: attribute(oneOf('one', 'collect', 'stream'), {
    doc: 'Whether a request has one reply, several that are one answer together, or several that are passed on as they come.',
    default: 'one',
  }),
  until: attribute(condition, {
    doc: 'Expression that is true of the last of several replies, on its payload.',
  }),
  unmatched: attribute(reference, {
    doc: 'Sequence for replies that are late, and messages nobody has asked for.',
  }),
} as const

/** The `<correlation>` of an address: a WebSocket backend answers, and this tells what. */
export const correlationField = child(fields, {
  name: 'correlation',
  isOwn: true,
  doc: `What tells which request a reply of a WebSocket backend is for; \`call\` and \`send\` wait for it then. It stands in the namespace \`${OWN_NAMESPACE}\`, which the original product reads past.`,
})

/** The values of these fields. */
export type CorrelationConfig = Config<typeof fields>

/** The rules between these fields. */
export function checkCorrelation(config: CorrelationConfig, wrongOf: Wrong, address: Element): void {
  const span = address.children.find(
    ({ name, namespace }) => name === 'correlation' && namespace === OWN_NAMESPACE,
  )?.span
  const wrong = (message: string, code = 'bad-combination'): void =>
    wrongOf(message, { code, ...(span && { span }) })
  const { by, field, replyField, id, replies, until } = config
  const hasField = by === 'json' || by === 'xpath'
  if (hasField && !field) wrong(`<correlation by="${by}"> needs attribute field.`, 'missing')
  for (const [name, value] of Object.entries({ field, 'reply-field': replyField })) {
    if (!value) continue
    if (!hasField) wrong(`Attribute ${name} belongs to by="json" and by="xpath".`)
    else checkPlace(by, name, value, wrongOf)
  }
  if (by === 'lane' && id) wrong('Attribute id has no meaning with by="lane": no id is sent.')
  if (replies === 'one' && until) wrong('Attribute until belongs to replies="collect" and replies="stream".')
  if (replies !== 'one' && !until && by !== 'json-rpc')
    wrong(`replies="${replies}" needs attribute until, which says which reply is the last.`, 'missing')
}

function checkPlace(by: 'json' | 'xpath', name: string, value: Located, wrong: Wrong): void {
  try {
    if (by === 'json') memberPath(value)
    else xpathAt(value)
  } catch (error) {
    if (!(error instanceof Expected)) throw error
    const message = `attribute ${name} is "${value.text}"; expected ${error.message}.`
    wrong(message, { code: 'bad-value', span: value.setting.span })
  }
}

/**
 * Reads the names that lead to a member.
 * @throws Expected for a path of more than names
 */
export function memberPath({ text }: Located): readonly string[] {
  if (!text.startsWith('$')) return [text]
  const wanted = 'the name of a member, or a path of names such as $.meta.id'
  try {
    const { steps, isComputed } = compileJsonPath(text)
    const names = steps.flatMap(step =>
      step.kind === 'names' && !step.deep && step.names.length === 1 ? step.names : [],
    )
    if (isComputed || names.length === 0 || names.length !== steps.length) throw new Expected(wanted)
    return names
  } catch (error) {
    if (error instanceof JsonPathSyntaxError) throw new Expected(`${wanted} (${error.message})`)
    throw error
  }
}

/** Compiles an XPath to a place. @throws Expected when it cannot be compiled */
export function xpathAt({ text, setting }: Located): Expression {
  return xpathExpression(text, setting.namespaces)
}
