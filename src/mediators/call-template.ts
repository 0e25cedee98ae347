import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { SequenceTemplate } from '../core/ports.ts'
import type { PropertyValue } from '../core/properties.ts'
import { type MaybePromise, type Outcome, STOP, type Step } from '../core/step.ts'
import { LateValue } from '../core/template-frame.ts'
import { compileExpression } from '../expressions/expression.ts'
import type { Expression } from '../expressions/value.ts'
import { mediator } from '../language/declare.ts'
import { attribute, children } from '../language/field.ts'
import { name, reference, type ValueType } from '../language/types.ts'
import { guard } from '../sequences/pipeline.ts'

/** What a call gives for a parameter: fixed, computed when the call is made, or each time it is read. */
type Argument =
  | { readonly kind: 'fixed'; readonly value: PropertyValue | LateValue; readonly readsContent: boolean }
  | { readonly kind: 'computed'; readonly expression: Expression; readonly readsContent: boolean }

const argument: ValueType<Argument> = {
  name: 'text, {expression} or {{expression}}',
  parse(source, setting) {
    const late = /^\s*\{\{(.*)\}\}\s*$/s.exec(source)
    if (late) {
      const expression = compileExpression(late[1]!, setting)
      const value = new LateValue(ctx => argumentValue(expression, ctx))
      return { kind: 'fixed', value, readsContent: expression.readsContent }
    }
    const computed = /^\s*\{(.*)\}\s*$/s.exec(source)
    if (!computed) return { kind: 'fixed', value: source, readsContent: false }
    const expression = compileExpression(computed[1]!, setting)
    return { kind: 'computed', expression, readsContent: expression.readsContent }
  },
  readsContent: value => value.readsContent,
}

/** Runs a template with values for its parameters. */
export const callTemplateMediator = mediator({
  element: 'call-template',
  summary: 'Runs a sequence template with values for its parameters, then goes on.',
  fields: {
    target: attribute(reference, { doc: 'Name of the template.', required: true }),
    onError: attribute(reference, { doc: 'Sequence to run when a mediator in the template fails.' }),
    'with-param': children(
      {
        name: attribute(name, { doc: 'Name of the parameter.', required: true }),
        value: attribute(argument, {
          doc: 'Its value: a fixed text, `{expression}` computed here, or `{{expression}}` computed in the template each time it is read.',
          required: true,
        }),
      },
      { doc: 'The value of one parameter. Of two with one name the last counts.' },
    ),
  },
  notes:
    'A parameter without a value has the default the template gives it. A mandatory one without either is fault 500101. An XPath in `{}` that selects nodes passes the nodes; all other expressions pass text.\n\nCompatibility: a value for a parameter the template does not declare can be read in it; the original drops it.',
  example: `<call-template target="audit">
    <with-param name="what" value="order"/>
    <with-param name="who" value="{json-eval($.customer)}"/>
</call-template>`,
  compile({ target, onError, 'with-param': given }, build) {
    const template = build.template(target)
    const handler = onError && build.errorSequence(onError)
    const call = callOf(
      template,
      given.map(each => [each.name, each.value]),
    )
    return handler ? guard(call, handler.run) : call
  },
})

function callOf(template: SequenceTemplate, given: readonly (readonly [string, Argument])[]): Step {
  const { body } = template
  return ctx => {
    const outer = ctx.parameters
    ctx.parameters = { values: valuesFor(template, given, ctx), outer }
    let outcome: MaybePromise<Outcome>
    try {
      outcome = body.run(ctx)
    } catch (thrown) {
      ctx.parameters = outer
      throw thrown
    }
    if (!(outcome instanceof Promise)) return left(ctx, outcome)
    return outcome.then(
      value => left(ctx, value),
      thrown => {
        ctx.parameters = outer
        throw thrown
      },
    )
  }
}

/** Takes the parameters away from the message, and from the branches that go on behind the call. */
function left(ctx: MessageContext, outcome: Outcome): Outcome {
  ctx.parameters = ctx.parameters?.outer
  if (outcome === undefined || outcome === STOP) return outcome
  return outcome.advance(leave)
}

function leave(ctx: MessageContext): undefined {
  ctx.parameters = ctx.parameters?.outer
}

/** @throws Fault 500101 when a mandatory parameter has no value */
function valuesFor(
  template: SequenceTemplate,
  given: readonly (readonly [string, Argument])[],
  ctx: MessageContext,
): Map<string, PropertyValue | LateValue> {
  const values = new Map<string, PropertyValue | LateValue>()
  for (const [name, argument] of given) {
    const value = argument.kind === 'fixed' ? argument.value : argumentValue(argument.expression, ctx)
    if (value !== null && value !== undefined) values.set(name, value)
  }
  for (const { name, isMandatory, defaultValue } of template.parameters) {
    if (isGiven(values.get(name), isMandatory)) continue
    if (defaultValue !== undefined) values.set(name, defaultValue)
    else if (isMandatory)
      throw new Fault(500101, `template ${template.name} needs a value for its parameter ${name}`)
  }
  return values
}

/** Compatibility: an empty text is a value, but not for a mandatory parameter. */
function isGiven(value: PropertyValue | LateValue, isMandatory: boolean): boolean {
  return value !== undefined && (value !== '' || !isMandatory)
}

/** The nodes an XPath selects; text for everything else. */
function argumentValue(expression: Expression, ctx: MessageContext): PropertyValue {
  const nodes = expression.nodes?.(ctx)
  return nodes && nodes.length > 0 ? nodes : expression.text(ctx)
}
