import type { MessageContext } from '../core/context.ts'
import type { Entry } from '../core/entry.ts'
import { Fault } from '../core/fault.ts'
import type { Build } from '../language/declare.ts'
import type { XmlElement } from '../message/xml/tree.ts'
import type { EnrichSource } from './enrich-fields.ts'

/** What an inline source gives: an element that belongs to the configuration, or text. */
export type InlineValue = XmlElement | string

/** Compiles an inline source: what stands in it, or the entry it names. */
export function compileInline(source: EnrichSource, build: Build): (ctx: MessageContext) => InlineValue {
  const { key, literal, text } = source
  if (!key) {
    const element = literal?.xml
    return element ? () => element : ctx => text?.text(ctx) ?? ''
  }
  if (key.fixed === undefined) {
    return ctx => {
      const name = key.text(ctx) ?? ''
      return valueOfEntry(ctx.deployment.entry(name), name)
    }
  }
  const name = key.fixed
  const span =
    source.element.attributes.find(attribute => attribute.name === 'key')?.valueSpan ?? source.element.span
  const entry = build.entry({ name, span })
  return () => valueOfEntry(entry, name)
}

function valueOfEntry(entry: Entry | undefined, name: string): InlineValue {
  if (!entry) throw new Fault(0, `Key ${name} not found`)
  return entry.xml() ?? entry.text
}

/** Where an enrichment cannot be put. */
export function invalidTarget(detail: string): Fault {
  return new Fault(0, 'Invalid Target object to be enrich.', { detail })
}
