import type { Build } from '../language/declare.ts'
import type { Field } from '../language/field.ts'
import type { Span } from '../language/source.ts'
import { type Reference, reference } from '../language/types.ts'
import { serializeXml } from '../message/xml/serialize.ts'

/** A `<policy>` of a service. */
export interface PolicyConfig {
  readonly key: Reference | undefined
  /** What stands in it. */
  readonly inline: string
  readonly span: Span
}

/** Namespaces whose assertions ask for security. */
const SECURITY = /securitypolicy|\brampart\b/i

/** The `<policy>` elements of a service, by key or inline. */
export const policies: Field<readonly PolicyConfig[]> = {
  kind: 'children',
  name: 'policy',
  doc: 'A WS-Policy. One that asks for security is refused, any other is a warning.',
  isRequired: false,
  read: (_name, reader) =>
    reader.takeChildren('policy').map(element => {
      const key = element.attributes.find(({ name }) => name === 'key')
      return {
        key: key && reader.parse(reference, key.value, key.valueSpan, 'attribute key'),
        inline: element.children.map(({ xml }) => serializeXml(xml)).join(''),
        span: element.span,
      }
    }),
}

/** Refuses policies that ask for security, and says of the others that they have no effect. */
export function reportPolicies(found: readonly PolicyConfig[], build: Build): void {
  for (const { key, inline, span } of found) {
    const text = inline + (key ? (build.entry(key)?.text ?? '') : '')
    if (SECURITY.test(text)) {
      const message = '<policy> asks for WS-Security, which is not there: the service would be open to all.'
      build.error(
        span,
        'not-supported',
        message,
        'Let a proxy in front check who calls, or use TLS with client certificates.',
      )
    } else {
      build.warning(span, 'no-effect', '<policy> has no effect: WS-Policy is not there.')
    }
  }
}
