import type { MessageContext } from '../core/context.ts'
import { type Outcome, STOP } from '../core/step.ts'
import { expression } from '../expressions/expression.ts'
import { mediator } from '../language/declare.ts'
import { attribute, type Config, children, literal } from '../language/field.ts'
import { name, reference, text } from '../language/types.ts'
import { serializeXml } from '../message/xml/serialize.ts'
import { MediatorContext } from '../sequences/class-context.ts'
import { loadMediator, type Mediate, moduleFor } from '../sequences/class-module.ts'

const propertyFields = {
  name: attribute(name, { doc: 'Name of the property.', required: true }),
  value: attribute(text, { doc: 'A fixed value.' }),
  expression: attribute(expression, { doc: 'An expression that gives the value for each message.' }),
  element: literal({ doc: 'An XML element as the value; the module gets its text.' }),
} as const

const V2 = 'write a module with one function, and give it properties'

/** Runs a module in place of a Java class. */
export const classMediator = mediator({
  element: 'class',
  summary: 'Runs a JavaScript or TypeScript module in place of a Java class.',
  fields: {
    name: attribute(reference, {
      doc: 'Name of the class; `[myelin.classes]` of the settings says which module stands for it.',
      required: true,
    }),
    property: children(propertyFields, { doc: 'A value the module gets.' }),
  },
  unsupported: { method: V2, inputs: V2, target: V2 },
  notes: `\`[myelin.classes]\` in deployment.toml names a module for each class, relative to that file:

\`\`\`toml
[myelin.classes]
"com.acme.Discount" = "./classes/discount.ts"
\`\`\`

The module has a function, or an object with a function \`mediate\`, as its default export:

\`\`\`ts
export default function discount(message, { percentage }) {
  const order = message.json()
  message.setJson({ ...order, price: order.price * (1 - Number(percentage) / 100) })
}
\`\`\`

It may return a promise. What it returns or resolves to ends the message if it is \`false\`; what it throws is a fault. The message has \`text()\`, \`json()\`, \`xml()\`, \`setText\`, \`setJson\`, \`setXml\`, \`mediaType\`, \`direction\`, \`id\`, \`property(name, scope)\`, \`setProperty\`, \`removeProperty\`, \`variable\`, \`setVariable\`, \`header\`, \`setHeader\`, \`removeHeader\` and \`log(text, level)\`. Modules are loaded at deployment, once per process, and run with all rights of the gateway; they have no \`await\` at their top.`,
  example: `<class name="com.acme.Discount">
    <property name="percentage" value="10"/>
</class>`,
  needsContent: () => true,
  check({ property }, wrong) {
    for (const each of property)
      if (each.value === undefined && !each.expression && !each.element)
        wrong(`Property ${each.name} needs a value, an expression or an element.`, { code: 'missing' })
  },
  compile({ name: className, property }, build) {
    const mediate = moduleFor<Mediate>(className, loadMediator, build) ?? (() => undefined)
    const properties = propertiesOf(property)
    return ctx => {
      const outcome = mediate(new MediatorContext(ctx), properties(ctx))
      return outcome instanceof Promise ? outcome.then(outcomeOf) : outcomeOf(outcome)
    }
  },
})

function outcomeOf(result: boolean | void): Outcome {
  return result === false ? STOP : undefined
}

type Properties = Readonly<Record<string, unknown>>

function propertiesOf(
  configured: readonly Config<typeof propertyFields>[],
): (ctx: MessageContext) => Properties {
  const fixed: Record<string, unknown> = {}
  for (const { name, value, element } of configured)
    fixed[name] = value ?? (element ? serializeXml(element.xml) : undefined)
  const computed = configured.filter(each => each.value === undefined && !each.element)
  if (computed.length === 0) {
    const all = Object.freeze(fixed)
    return () => all
  }
  return ctx => {
    const all = { ...fixed }
    for (const { name, expression } of computed) all[name] = expression?.value(ctx)
    return all
  }
}
