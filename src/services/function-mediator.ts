import { createRequire } from 'node:module'
import { dirname, resolve } from 'node:path'
import { sessionGroups } from '../cluster/groups-of.ts'
import type { MessageContext } from '../core/context.ts'
import { type Build, mediator } from '../language/declare.ts'
import { attribute, type Field } from '../language/field.ts'
import type { Span } from '../language/source.ts'
import { name, text } from '../language/types.ts'
import type { Element } from '../language/xml.ts'
import { functionStep, type HookFunction } from './hook-function.ts'
import { madeElement } from './made-element.ts'

const functions = new WeakMap<Element, HookFunction>()

/** Makes an element that stands for a function, where mediators stand. */
export function functionElement(call: HookFunction, span: Span): Element {
  const element = madeElement({
    name: 'function',
    span,
    ...(call.name !== '' && { attributes: [{ name: 'name', value: call.name, nameSpan: span }] }),
  })
  functions.set(element, call)
  return element
}

const callField: Field<HookFunction | undefined> = {
  kind: 'literal',
  doc: 'The function itself, where it is written in TypeScript.',
  isRequired: false,
  read: (_name, { element }) => functions.get(element),
}

/** Runs a function as a step. */
export const functionMediator = mediator({
  element: 'function',
  summary: 'Runs a function of a JavaScript or TypeScript module; what it gives back is sent to the client.',
  fields: {
    name: attribute(name, { doc: 'What it is called, for people.' }),
    module: attribute(text, { doc: 'Module it is in, relative to the file.' }),
    export: attribute(text, {
      doc: 'Name it is exported by; default its default export.',
      default: 'default',
    }),
    call: callField,
  },
  example: '<function module="./hooks.ts" export="onMessage"/>',
  check({ call, module }, wrong) {
    if (!call && module === undefined) wrong('<function> needs attribute module.', { code: 'missing' })
  },
  compile({ call, module, export: exported }, build, span) {
    const found = call ?? loaded(module!, exported, build, span)
    if (!found) return () => undefined
    return functionStep(found, { groups: sessionGroups(build), parameters: untyped })
  },
})

/** Gives the parameters of a handshake as they came. */
export function untyped(ctx: MessageContext): Readonly<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const [key, value] of ctx.propertiesIfAny?.entries() ?? []) {
    const parameter = /^(?:uri\.var|query\.param|header\.param)\.(.+)$/.exec(key)?.[1]
    if (parameter !== undefined) found[parameter] = String(value)
  }
  return found
}

function loaded(module: string, exported: string, build: Build, span: Span): HookFunction | undefined {
  const file = resolve(dirname(span.source.path), module)
  try {
    const found = createRequire(import.meta.url)(file) as Record<string, unknown>
    const value = found[exported]
    if (typeof value === 'function') return value as HookFunction
    build.error(span, 'bad-module', `The module ${module} exports no function ${exported}.`)
  } catch (error) {
    const [line = ''] = (error as Error).message.split('\n')
    build.error(span, 'bad-module', `The module ${module} cannot be loaded: ${line.replace(/\.$/, '')}.`)
  }
  return undefined
}
