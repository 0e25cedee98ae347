import type { MessageContext } from '../core/context.ts'
import { expression } from '../expressions/expression.ts'
import { setToAddress, toAddress } from '../expressions/to-address.ts'
import { textOf } from '../expressions/value.ts'
import { mediator } from '../language/declare.ts'
import { attribute, type Config, children } from '../language/field.ts'
import { Expected, name, oneOf, text, type ValueType } from '../language/types.ts'
import { type Condition, condition } from './evaluator.ts'
import { joinUri, splitUri, URI_PARTS, type UriPart, type UriParts } from './uri-parts.ts'

const ACTIONS = ['set', 'append', 'prepend', 'replace', 'remove', 'remove-query-param'] as const
const FRAGMENTS = [...URI_PARTS, 'full'] as const

/** A regular expression that may match anywhere in a text, and several times. */
const search: ValueType<RegExp> = {
  name: 'regular expression',
  parse(value) {
    try {
      return new RegExp(value, 'g')
    } catch (error) {
      const reason = (error as Error).message.replace(/^Invalid regular expression: (?:\/.*\/[a-z]*: )?/s, '')
      throw new Expected(`a regular expression (${reason})`)
    }
  },
}

const actionFields = {
  type: attribute(oneOf(...ACTIONS), {
    doc: 'What to do with the part; remove-query-param takes one parameter out of the query.',
    default: 'set',
  }),
  value: attribute(text, {
    doc: 'The text to set, append or prepend, to replace matches by, or the name of the query parameter.',
  }),
  xpath: attribute(expression, { doc: 'An expression that gives it instead.' }),
  regex: attribute(search, { doc: 'What replace looks for; `$1` in the value is its first group.' }),
  fragment: attribute(oneOf(...FRAGMENTS), { doc: 'The part of the address.', default: 'full' }),
} as const

/** Changes the address a message is for. */
export const rewriteMediator = mediator({
  element: 'rewrite',
  summary: 'Changes the address a message is for, or an address in a property, by rules.',
  fields: {
    inProperty: attribute(name, { doc: 'Property that holds the address, in place of To.' }),
    outProperty: attribute(name, { doc: 'Property that gets the result, in place of To.' }),
    rules: children(
      {
        condition: condition({ doc: 'When the rule applies; always where there is none.' }),
        actions: children(actionFields, { name: 'action', doc: 'One change, in the order written.' }),
      },
      { name: 'rewriterule', doc: 'A rule; each sees what the rules before it made of the address.' },
    ),
  },
  example: `<rewrite>
    <rewriterule>
        <condition><match type="url" source="path" regex="/soap/.*"/></condition>
        <action type="replace" regex="^/soap/" value="/services/" fragment="path"/>
        <action value="backend.example" fragment="host"/>
    </rewriterule>
</rewrite>`,
  notes: `After the rules, \`{name}\` in the address is replaced by the property of that name; one that is not set stays as it is.

Compatibility: with the fragment full, the original sets the address whatever the type says; here the type applies to all of it.`,
  check({ rules }, wrong, element) {
    const elements = element.children.filter(child => child.name === 'rewriterule')
    rules.forEach(({ actions }, i) => {
      const rule = elements[i] ?? element
      if (actions.length === 0)
        wrong('<rewriterule> needs at least one <action>.', { code: 'missing', span: rule.span })
      const actionElements = rule.children.filter(child => child.name === 'action')
      actions.forEach((action, j) => {
        const { span } = actionElements[j] ?? rule
        for (const message of mistakes(action)) wrong(message, { code: 'missing', span })
      })
    })
  },
  compile({ inProperty, outProperty, rules }) {
    const compiled = rules.map(rule => ({ holds: rule.condition, edits: rule.actions.map(compileAction) }))
    return ctx => {
      const before = inProperty === undefined ? toAddress(ctx) : textOf(ctx.propertiesIfAny?.get(inProperty))
      const address = rewritten(ctx, before ?? '', compiled)
      if (outProperty !== undefined) ctx.properties.set(outProperty, address)
      else setToAddress(ctx, address)
    }
  },
})

function mistakes({ type, value, xpath, regex, fragment }: Action): string[] {
  const found: string[] = []
  if (type !== 'remove' && value === undefined && !xpath) found.push('<action> needs a value or an xpath.')
  if (type === 'replace' && !regex) found.push('<action> of type replace needs regex.')
  if (type === 'remove-query-param' && fragment !== 'query')
    found.push('<action> of type remove-query-param needs fragment="query".')
  return found
}

type Action = Config<typeof actionFields>
type Edit = (ctx: MessageContext, parts: UriParts) => void

interface Rule {
  readonly holds: Condition | undefined
  readonly edits: readonly Edit[]
}

function rewritten(ctx: MessageContext, before: string, rules: readonly Rule[]): string {
  const parts = splitUri(before)
  for (const { holds, edits } of rules) {
    if (holds && !holds(ctx, joinUri(parts))) continue
    for (const edit of edits) edit(ctx, parts)
  }
  return joinUri(parts).replace(/\{([^{}]+)\}/g, (all, named: string) => {
    return textOf(ctx.propertiesIfAny?.get(named)) ?? all
  })
}

function compileAction({ type, value, xpath, regex, fragment }: Action): Edit {
  const given: (ctx: MessageContext) => string = xpath ? ctx => xpath.text(ctx) ?? '' : () => value ?? ''
  const change = changer(type, regex)
  if (fragment === 'full') {
    return (ctx, parts) => {
      Object.assign(parts, splitUri(change(joinUri(parts), given(ctx)) ?? ''))
    }
  }
  const part: UriPart = fragment
  return (ctx, parts) => {
    parts[part] = change(parts[part] ?? '', given(ctx))
  }
}

/** What an action makes of a part; undefined takes it away. */
function changer(
  type: (typeof ACTIONS)[number],
  regex: RegExp | undefined,
): (before: string, value: string) => string | undefined {
  switch (type) {
    case 'set':
      return (_before, value) => value
    case 'append':
      return (before, value) => before + value
    case 'prepend':
      return (before, value) => value + before
    case 'replace':
      return (before, value) => before.replace(regex!, replacement(value))
    case 'remove':
      return () => undefined
    case 'remove-query-param':
      return (before, value) =>
        before
          .split('&')
          .filter(pair => pair.split('=', 1)[0] !== value)
          .join('&')
  }
}

/** Java writes `\$` for a dollar sign, `$0` for the whole match and `${name}` for a named group. */
function replacement(java: string): string {
  return java.replace(/\\(.)|\$0(?!\d)|\$\{(\w+)\}/gs, (_all, escaped?: string, group?: string) => {
    if (escaped !== undefined) return escaped === '$' ? '$$' : escaped
    return group === undefined ? '$&' : `$<${group}>`
  })
}
