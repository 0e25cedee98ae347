import { mediator } from '../language/declare.ts'
import { checkEnrich, enrichFields } from './enrich-fields.ts'
import { compileJson } from './enrich-json.ts'
import { compileInline } from './enrich-source.ts'
import { compileXml } from './enrich-xml.ts'

/** Puts something from one place of the message to another. */
export const enrichMediator = mediator({
  element: 'enrich',
  summary:
    'Takes a part of the message, a property or something fixed, and puts it into the message or a property.',
  fields: enrichFields,
  example: `<enrich>
    <source type="inline">{"currency": "EUR"}</source>
    <target action="child" xpath="json-eval($.order)"/>
</enrich>`,
  notes: `A JSON payload is changed as JSON where both paths are JSONPath: replace sets a value and may add the last member of a path, child appends to an array or adds members to an object, remove deletes, and a target of type key renames a member. Otherwise the message is changed as XML, where JSON is seen as the elements it becomes: replace takes the place of a node or sets its text, child appends, sibling goes behind.

JSON put into a property becomes text; XML stays XML. Text put into the payload becomes the payload where it is a JSON object or array, else the text of the payload's first element. The type of the message stays as it is.

With \`clone="false"\` what is taken from the message is taken out of it; what is taken from a property stays there.

A source that gives nothing is an error in the log, and the message goes on; a target that is not there is a fault.`,
  needsContent: () => true,
  check: checkEnrich,
  compile({ source, target }, build) {
    if (!source || !target) throw new Error('checked above')
    const inline = source.type === 'inline' ? compileInline(source, build) : undefined
    const asJson = compileJson(source, target, inline)
    const asXml = compileXml(source, target, inline)
    const changesPayload = target.type === 'body' || target.type === 'envelope'
    return ctx => {
      if (asJson?.(ctx) !== true) asXml(ctx)
      if (changesPayload && ctx.transportIfAny) ctx.transportIfAny.noEntityBody = undefined
    }
  },
})
