import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { PropertyValue } from '../core/properties.ts'
import type { Step } from '../core/step.ts'
import { type Dynamic, dynamic, expression } from '../expressions/expression.ts'
import type { Accessor } from '../expressions/well-known.ts'
import { type Build, mediator, type Wrong } from '../language/declare.ts'
import { attribute, type Config, literal } from '../language/field.ts'
import { refusedProperties } from '../language/options/options-context.ts'
import type { Span } from '../language/source.ts'
import { integer, oneOf, pattern, text } from '../language/types.ts'
import type { Element } from '../language/xml.ts'
import { idle, WRITTEN_SCOPES, writtenAccessor } from './property-scope.ts'
import { convert, type PropertyType, TYPES } from './property-types.ts'

/** The fields of `<property>`, which `<propertyGroup>` repeats. */
export const propertyFields = {
  name: attribute(dynamic, { doc: 'Name of the property; `{expression}` computes it.', required: true }),
  value: attribute(text, { doc: 'A fixed value; wins over the others.' }),
  expression: attribute(expression, {
    doc: 'An expression that gives the value, where there is no element.',
  }),
  type: attribute(oneOf(...TYPES), { doc: 'Type the value is turned into.', default: 'STRING' }),
  scope: attribute(oneOf(...WRITTEN_SCOPES), {
    doc: 'Where the property lives; `registry` writes the resource `path`, or its property, `path@property`; `session` is the WebSocket client, from its handshake to its end, as the attributes that functions see; `system` is the process, for all messages; `trace` writes a line to the log, at level trace.',
    default: 'default',
  }),
  action: attribute(oneOf('set', 'remove'), { doc: 'Whether to set or remove it.', default: 'set' }),
  pattern: attribute(pattern, { doc: 'Pattern the whole value must match; no match gives the empty text.' }),
  group: attribute(integer({ min: 0 }), { doc: 'Group of the pattern to take.' }),
  literal: literal({ doc: 'An XML element as the value.' }),
} as const

type PropertyConfig = Config<typeof propertyFields>

/** Rules across the fields of a property. */
export function checkProperty(config: PropertyConfig, wrong: Wrong, element: Element): void {
  const at = (attributeName: string) =>
    element.attributes.find(candidate => candidate.name === attributeName)?.valueSpan ?? element.span
  if (config.group !== undefined && !config.pattern)
    wrong('Attribute group needs attribute pattern.', { span: at('group') })
  if (config.action === 'remove') return
  if (config.value === undefined && !config.expression && !config.literal) {
    wrong('<property> needs a value, an expression or an element.', { code: 'missing' })
  }
  if (config.value === undefined) return
  try {
    convert(pick(config.value, config.pattern, config.group), config.type)
  } catch (error) {
    wrong(`${(error as Error).message}.`, { code: 'bad-value', span: at('value') })
  }
  if (
    config.name.fixed === 'HTTP_SC' &&
    config.scope === 'axis2' &&
    !/^[1-9]\d\d$/.test(config.value.trim())
  ) {
    wrong(`HTTP_SC is "${config.value}"; expected a status from 100 to 999.`, {
      code: 'bad-value',
      span: at('value'),
    })
  }
}

/** Compiles one property into the step that sets or removes it. */
export function compileProperty(config: PropertyConfig): Step {
  if (config.action === 'remove') return withName(config, property => property.remove)
  const value = reader(config)
  return withName(config, property => ctx => property.set(ctx, value(ctx)))
}

/** A name known now is looked up now; one that only the message knows is looked up for each message. */
function withName(config: PropertyConfig, use: (property: Accessor) => (ctx: MessageContext) => void): Step {
  const name: Dynamic = config.name
  if (name.fixed !== undefined) return use(writtenAccessor(config.scope, name.fixed))
  return ctx => {
    const computed = name.text(ctx)
    if (computed) use(writtenAccessor(config.scope, computed))(ctx)
    else
      ctx.log.warn(
        { message: ctx.id },
        `${ctx.service.label}the name of a property came out empty; nothing was set`,
      )
  }
}

/** Warns of a property that does nothing. */
export function warnOfIdle({ name, scope, action }: PropertyConfig, build: Build, span: Span): void {
  const why = idle(scope, action)
  if (why !== undefined) build.warning(span, 'no-effect', `<property> has no effect: ${why}.`)
  const instead = name.fixed === undefined ? undefined : refusedProperties.get(name.fixed)
  if (instead !== undefined && action !== 'remove')
    build.warning(span, 'no-effect', `Property ${name.fixed} has no effect: ${instead}.`)
}

function reader({
  value,
  expression,
  literal,
  type,
  pattern,
  group,
}: PropertyConfig): (ctx: MessageContext) => PropertyValue {
  if (value !== undefined) {
    const fixed = convert(pick(value, pattern, group), type)
    return () => fixed
  }
  if (literal) return () => literal.xml.clone()
  if (!expression) throw new Error('checked above')
  if (type === 'STRING' && !pattern) return ctx => expression.text(ctx) ?? undefined
  return ctx => {
    const text = expression.text(ctx)
    return text === null ? undefined : convertOrFault(pick(text, pattern, group), type)
  }
}

function pick(text: string, pattern: RegExp | undefined, group = 0): string {
  return pattern ? (pattern.exec(text)?.[group] ?? '') : text
}

function convertOrFault(text: string, type: PropertyType): PropertyValue {
  try {
    return convert(text, type)
  } catch (error) {
    throw new Fault(0, (error as Error).message, { cause: error })
  }
}

/** Sets or removes a property. */
export const propertyMediator = mediator({
  element: 'property',
  summary: 'Sets or removes a property of the message.',
  fields: propertyFields,
  notes:
    'Compatibility: what is written to the registry is kept in memory, up to 64 MiB: expressions and scripts see it at once, it is gone when the process ends, and no file changes. What looked into a resource when it was deployed, such as a stylesheet, keeps what it found. There is no removing from the registry.',
  example: `<property name="FORCE_SC_ACCEPTED" scope="axis2" type="STRING" value="true"/>`,
  check: checkProperty,
  compile(config, build, span) {
    warnOfIdle(config, build, span)
    return compileProperty(config)
  },
})
