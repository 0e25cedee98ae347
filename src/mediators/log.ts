import type { MessageContext } from '../core/context.ts'
import { expression } from '../expressions/expression.ts'
import { accessor } from '../expressions/scopes.ts'
import { template } from '../expressions/template.ts'
import type { Expression } from '../expressions/value.ts'
import { mediator } from '../language/declare.ts'
import { attribute, body, child, children } from '../language/field.ts'
import { boolean, name, oneOf, oneOfAnyCase, text, type ValueType } from '../language/types.ts'
import { headerOf } from '../message/codecs/soap.ts'

const LEVELS = ['simple', 'headers', 'full', 'custom'] as const
const CATEGORIES = ['INFO', 'TRACE', 'DEBUG', 'WARN', 'ERROR', 'FATAL'] as const

const separatorText: ValueType<string> = {
  name: 'text',
  parse: value => value.replaceAll('\\n', '\n').replaceAll('\\t', '\t'),
}

type Part = (ctx: MessageContext) => string

/** Writes a line to the log. */
export const logMediator = mediator({
  element: 'log',
  summary: 'Writes a line to the log and goes on.',
  fields: {
    level: attribute(oneOf(...LEVELS), {
      doc: 'What the line holds: addressing (simple), SOAP header blocks too (headers), the payload too (full), or only the properties below (custom). With a message and no level, only the message and the properties.',
    }),
    category: attribute(oneOfAnyCase(...CATEGORIES), { doc: 'Level of the log line.', default: 'INFO' }),
    separator: attribute(separatorText, {
      doc: 'What stands between the parts; `\\n` and `\\t` are understood.',
      default: ', ',
    }),
    logFullPayload: attribute(boolean, { doc: 'Makes the level full.', default: false }),
    logMessageID: attribute(boolean, {
      doc: 'Puts the message id in front, at the levels that do not show it.',
      default: false,
    }),
    message: child(
      { text: body(template, { doc: 'The text; `${…}` in it is computed.' }) },
      { doc: 'A text to print first.' },
    ),
    property: children(
      {
        name: attribute(name, { doc: 'What to call the value.', required: true }),
        value: attribute(text, { doc: 'A fixed value.' }),
        expression: attribute(expression, {
          doc: 'An expression that gives the value; null where there is none.',
        }),
      },
      { doc: 'A value to print as `name = value`.' },
    ),
  },
  example: `<log level="custom" category="WARN">
    <property name="order" expression="json-eval($.id)"/>
</log>`,
  notes:
    'Compatibility: at level full a message whose content type nobody knows is printed as it is; the original prints an empty envelope. Transport headers are never printed, at any level.',

  check({ property }, wrong) {
    for (const { name, value, expression } of property) {
      if ((value === undefined && expression === undefined) || value?.trim() === '') {
        wrong(`Property ${name} needs a value or an expression.`, { code: 'missing' })
      }
    }
  },

  needsContent: ({ level, logFullPayload }) => logFullPayload || level === 'full' || level === 'headers',

  compile({ level, category, separator, logFullPayload, logMessageID, message, property }, { artifact }) {
    const parts: Part[] = []
    const shown = logFullPayload ? 'full' : (level ?? (message ? 'custom' : 'simple'))
    if (shown === 'custom' && logMessageID) parts.push(ctx => `MessageID: ${ctx.id}`)
    const text = message?.text
    if (text) parts.push(ctx => text.text(ctx))
    if (shown === 'simple' || shown === 'full') parts.push(...ADDRESSING)
    if (shown === 'headers') parts.push(headerBlocks(separator))
    for (const each of property) parts.push(labelled(each.name, each.value, each.expression))
    if (shown === 'full') parts.push(describeContent)

    const pinoLevel = category.toLowerCase() as Lowercase<typeof category>
    return ctx => {
      const { log, service } = ctx
      if (!log.isLevelEnabled(pinoLevel)) return
      const line: string[] = []
      for (const part of parts) {
        const text = part(ctx)
        if (text !== '') line.push(text)
      }
      log[pinoLevel](
        { ...fieldsOf(ctx), [artifact.kind]: artifact.name },
        service.label + line.join(separator),
      )
    }
  },
})

function fieldsOf(ctx: MessageContext): Record<string, unknown> {
  return ctx.session ? { session: ctx.session.id } : {}
}

const action = accessor('default', 'Action')
const to = accessor('default', 'To')

const ADDRESSING: readonly Part[] = [
  ctx => `To: ${String(to.get(ctx) ?? '')}`,
  ctx => {
    const soapAction = String(action.get(ctx) ?? '')
    return soapAction === '' ? '' : `WSAction: ${soapAction}`
  },
  ctx => {
    const soapAction = String(action.get(ctx) ?? '')
    return soapAction === '' ? '' : `SOAPAction: ${soapAction}`
  },
  ctx => `MessageID: ${ctx.id}`,
  ctx => `Direction: ${ctx.direction}`,
]

function describeContent(ctx: MessageContext): string {
  const { label, text } = ctx.message.content.describe()
  return `${label}: ${text}`
}

function headerBlocks(separator: string): Part {
  return ctx =>
    (headerOf(ctx.message.content.envelope())?.children ?? [])
      .map(block => `${block.localName} : ${block.text}`)
      .join(separator)
}

function labelled(name: string, value: string | undefined, expression: Expression | undefined): Part {
  if (value !== undefined) return () => `${name} = ${value}`
  return ctx => `${name} = ${expression?.text(ctx) ?? 'null'}`
}

/** Describes a message as `log level="full"` does, for the built-in fault sequence. */
export function describeMessage(ctx: MessageContext): string {
  return [...ADDRESSING.map(part => part(ctx)), describeContent(ctx)].filter(text => text !== '').join(', ')
}
