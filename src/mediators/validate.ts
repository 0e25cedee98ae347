import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { MaybePromise, Outcome } from '../core/step.ts'
import { type Dynamic, dynamic, expression } from '../expressions/expression.ts'
import { type JsonCheck, jsonSchema } from '../expressions/json-schema.ts'
import type { Expression } from '../expressions/value.ts'
import { mediator } from '../language/declare.ts'
import { attribute, branch, children } from '../language/field.ts'
import { boolean, reference, text } from '../language/types.ts'
import { payloadOf } from '../message/codecs/soap.ts'
import { serializeXml } from '../message/xml/serialize.ts'
import { XmlElement } from '../message/xml/tree.ts'
import { type XmlCheck, xmlSchema } from './xml-schema.ts'

/** Checks the payload against a schema. */
export const validateMediator = mediator({
  element: 'validate',
  summary: 'Checks the payload against XML Schemas or a JSON Schema; what does not fit runs on-fail.',
  fields: {
    source: attribute(expression, {
      doc: 'What to check; default the first element of the body, or all JSON.',
    }),
    jsonSource: attribute(expression, { name: 'json-source', doc: 'What to check of a JSON payload.' }),
    cache: attribute(boolean, {
      name: 'cache-schema',
      doc: 'Accepted; a schema is compiled once.',
      default: true,
    }),
    schema: children(
      {
        key: attribute(dynamic, { doc: 'Local entry or registry resource with the schema.', required: true }),
      },
      { doc: 'A schema; several XML Schemas count as one, of several JSON Schemas the last.' },
    ),
    resource: children(
      {
        location: attribute(text, { doc: 'What the schema calls it.', required: true }),
        key: attribute(reference, { doc: 'Local entry or registry resource with it.', required: true }),
      },
      { doc: 'What an XML Schema includes or imports.' },
    ),
    onFail: branch({ name: 'on-fail', doc: 'What to run when the payload does not fit.' }),
  },
  ignored: { feature: 'it configures the Java engine' },
  notes:
    'A JSON payload is checked against a JSON Schema, drafts 04, 06, 07, 2019-09 and 2020-12 as `$schema` says, 04 without; any other payload against XML Schema 1.0. ERROR_MESSAGE and ERROR_DETAIL say what does not fit. Nothing is read from the network or the disk: what a schema includes has to be named by `<resource>`. Compatibility: draft 03 is read as 04.',
  example: `<validate>
    <schema key="orderSchema"/>
    <on-fail>
        <property name="HTTP_SC" scope="axis2" value="400"/>
        <respond/>
    </on-fail>
</validate>`,
  needsContent: () => true,
  check({ schema, onFail }, wrong) {
    if (schema.length === 0) wrong('<validate> needs at least one <schema>.', { code: 'missing' })
    if (!onFail || onFail.steps.length === 0)
      wrong('<validate> needs an <on-fail> with mediators.', { code: 'missing' })
  },
  compile({ source, jsonSource, schema, resource, onFail }, build, span) {
    const failed = build.branch(onFail).run
    for (const { key } of schema) if (key.fixed !== undefined) build.entry({ name: key.fixed, span })
    for (const { key } of resource) build.entry(key)
    const json = compiledOnce(jsonSchema)
    const xml = compiledOnce(xmlSchema)
    const textsOf = (ctx: MessageContext): string[] => schema.map(({ key }) => schemaText(key, ctx))
    const resources = (ctx: MessageContext): Map<string, string> =>
      new Map(resource.map(({ location, key }) => [location, ctx.deployment.entry(key.name)?.text ?? '']))

    return ctx => {
      const finish = (problems: readonly string[]): MaybePromise<Outcome> => {
        if (problems.length === 0) return undefined
        return failed(ctx)
      }
      if (ctx.message.content.isJson) {
        const check = json(textsOf(ctx).slice(-1), resources(ctx)) as JsonCheck
        const problems = check(jsonPart(jsonSource ?? source, ctx))
        if (problems.length > 0) {
          ctx.properties.set('ERROR_MESSAGE', problems[0])
          ctx.properties.set('ERROR_DETAIL', `Error while validating Json message ${problems.join('; ')}`)
        }
        return finish(problems)
      }
      const part = xmlPart(source, ctx)
      const done = (check: XmlCheck): MaybePromise<Outcome> => {
        const problems = check(serializeXml(part))
        if (problems.length > 0) {
          const all = problems.join('\n')
          ctx.properties.set('ERROR_MESSAGE', all)
          ctx.properties.set('ERROR_DETAIL', all)
          ctx.properties.set('ERROR_EXCEPTION', all)
        }
        return finish(problems)
      }
      const check = xml(textsOf(ctx), resources(ctx)) as MaybePromise<XmlCheck>
      return check instanceof Promise ? check.then(done) : done(check)
    }
  },
})

/** Keeps what was compiled of a text; a text that cannot be compiled is tried again. */
function compiledOnce<T>(
  compile: (texts: readonly string[], resources: ReadonlyMap<string, string>) => MaybePromise<T>,
): (texts: readonly string[], resources: ReadonlyMap<string, string>) => MaybePromise<T> {
  const known = new Map<string, T>()
  return (texts, resources) => {
    const key = texts.length === 1 ? texts[0]! : texts.join('\0')
    const found = known.get(key)
    if (found !== undefined) return found
    const keep = (made: T): T => {
      if (known.size < 100) known.set(key, made)
      return made
    }
    const made = compile(texts, resources)
    return made instanceof Promise ? made.then(keep) : keep(made)
  }
}

function schemaText(key: Dynamic, ctx: MessageContext): string {
  const name = key.text(ctx) ?? ''
  const entry = ctx.deployment.entry(name)
  if (!entry) throw new Fault(0, `there is no schema ${name}`)
  return entry.text
}

/** Compatibility: a source that gives nothing is checked as an empty object. */
function jsonPart(source: Expression | undefined, ctx: MessageContext): unknown {
  if (!source) return ctx.message.content.json()
  const value = source.value(ctx)
  if (value === undefined || value === null || value === '') return {}
  if (typeof value !== 'string' || source.path) return value
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}

function xmlPart(source: Expression | undefined, ctx: MessageContext): XmlElement {
  const selected = source
    ? (source.nodes?.(ctx) ?? source.value(ctx))
    : payloadOf(ctx.message.content.envelope())
  const first: unknown = Array.isArray(selected) ? selected[0] : selected
  if (first instanceof XmlElement) return first
  throw new Fault(0, `validate: ${source?.source ?? 'the body'} gives no element to check`)
}
