import type { Span } from '../language/source.ts'
import type { Element } from '../language/xml.ts'
import { plainOf, type YamlEntry, type YamlNode } from '../language/yaml.ts'
import { type MadeAttribute, madeElement } from './made-element.ts'

/** Makes an attribute of what a name has. */
export function attributeOf(name: string, { keySpan, value }: YamlEntry): MadeAttribute {
  const text = value.kind === 'scalar' ? value.text : listText(value)
  return { name, value: text, nameSpan: keySpan, valueSpan: value.span }
}

/** A list of words is written with commas between them. */
export function listText(value: YamlNode): string {
  if (value.kind !== 'list') return JSON.stringify(plainOf(value))
  return value.items
    .map(item => (item.kind === 'scalar' ? item.text : JSON.stringify(plainOf(item))))
    .join(',')
}

/** `parameters: {ws.limit.connections: 5}` */
export function parametersOf(span: Span, value: YamlNode): Element {
  const entries = value.kind === 'map' ? value.entries : []
  const children = entries.map(({ key, keySpan, value: given }) =>
    madeElement({
      name: 'parameter',
      span: keySpan,
      attributes: [{ name: 'name', value: key, nameSpan: keySpan }],
      text: given.kind === 'scalar' ? given.text : listText(given),
      textSpan: given.span,
    }),
  )
  return madeElement({ name: 'parameters', span, children })
}
