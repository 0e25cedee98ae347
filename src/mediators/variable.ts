import { Fault } from '../core/fault.ts'
import type { PropertyValue } from '../core/properties.ts'
import { expression } from '../expressions/expression.ts'
import { mediator } from '../language/declare.ts'
import { attribute } from '../language/field.ts'
import { name, oneOf, text } from '../language/types.ts'
import { convert, type PropertyType } from './property-types.ts'
import { copyOf } from './value-content.ts'

const TYPES = ['STRING', 'BOOLEAN', 'INTEGER', 'LONG', 'DOUBLE', 'JSON', 'XML'] as const
type VariableType = (typeof TYPES)[number]

/** Sets or removes a variable. */
export const variableMediator = mediator({
  element: 'variable',
  summary: 'Sets or removes a variable of the message.',
  fields: {
    name: attribute(name, { doc: 'Name of the variable.', required: true }),
    value: attribute(text, { doc: 'A fixed value.' }),
    expression: attribute(expression, { doc: 'An expression that gives the value.' }),
    type: attribute(oneOf(...TYPES), { doc: 'Type the value has; without one a fixed value is text.' }),
    action: attribute(oneOf('set', 'remove'), { doc: 'Whether to set or remove it.', default: 'set' }),
  },
  example: `<variable name="limit" type="INTEGER" value="10"/>`,
  notes:
    'Compatibility: the original stores nothing where an XPath or json-eval expression meets a type other than STRING and XML; here the text is turned into the type.',
  check({ action, value, expression, type }, wrong) {
    if (action === 'remove') return
    if (value === undefined && !expression)
      wrong('<variable> needs a value or an expression.', { code: 'missing' })
    if (value === undefined || type === undefined) return
    try {
      typed(value, type)
    } catch (error) {
      wrong(`${(error as Error).message}.`, { code: 'bad-value' })
    }
  },
  compile({ name, value, expression, type, action }) {
    if (action === 'remove') {
      return ctx => ctx.variables.delete(name)
    }
    if (value !== undefined) {
      const fixed = typed(value, type)
      return ctx => ctx.variables.set(name, fixed)
    }
    if (!expression) throw new Error('checked above')
    return ctx => {
      if (type === undefined) return ctx.variables.set(name, copyOf(expression.value(ctx)))
      const text = expression.text(ctx)
      if (text === null) return
      try {
        ctx.variables.set(name, typed(text, type))
      } catch (error) {
        const message = `Expression '${expression.source}' result does not match the expected data type '${type}'`
        throw new Fault(0, message, { detail: (error as Error).message, cause: error })
      }
    }
  },
})

function typed(value: string, type: VariableType | undefined): PropertyValue {
  if (type === undefined) return value
  const propertyType: PropertyType = type === 'XML' ? 'OM' : type
  return convert(value, propertyType)
}
