import type { Step } from '../core/step.ts'
import { mediator } from '../language/declare.ts'
import { children } from '../language/field.ts'
import { checkProperty, compileProperty, propertyFields, warnOfIdle } from './property.ts'

/** Sets or removes several properties. */
export const propertyGroupMediator = mediator({
  element: 'propertyGroup',
  summary: 'Sets or removes several properties, in the order written.',
  fields: {
    property: children(propertyFields, { doc: 'One property, as the property mediator takes it.' }),
  },
  example: `<propertyGroup>
    <property name="OUT_ONLY" value="true"/>
    <property name="HTTP_SC" scope="axis2" value="202"/>
</propertyGroup>`,
  check({ property }, wrong, element) {
    for (const { name, span } of element.children) {
      if (name !== 'property' && name !== 'description')
        wrong(`<propertyGroup> takes no <${name}>.`, { code: 'unknown-element', span })
    }
    const elements = element.children.filter(child => child.name === 'property')
    property.forEach((config, i) => {
      const at = elements[i] ?? element
      checkProperty(config, (message, options) => wrong(message, { span: at.span, ...options }), at)
    })
  },
  compile({ property }, build, span) {
    for (const each of property) warnOfIdle(each, build, span)
    const steps: readonly Step[] = property.map(compileProperty)
    return ctx => {
      for (const step of steps) step(ctx)
    }
  },
})
