import { Source } from '../language/source.ts'
import type { Element } from '../language/xml.ts'
import { serializeXml } from '../message/xml/serialize.ts'

/** Finds the first child element of a name. */
export function childNamed(parent: Element | undefined, name: string): Element | undefined {
  return parent?.children.find(child => child.name === name)
}

/** Gives the text of a child element; undefined where there is none, or nothing in it. */
export function textOf(parent: Element | undefined, name: string): string | undefined {
  return childNamed(parent, name)?.text || undefined
}

/** Gives the value of an attribute; undefined where there is none. */
export function attributeOf({ attributes }: Element, wanted: string): string | undefined {
  return attributes.find(({ name }) => name === wanted)?.value
}

/** Gives what an element holds as text, be it text or elements that stand in it as such. */
export function contentOf(element: Element): string {
  if (element.children.length === 0) return element.text
  return element.children.map(child => serializeXml(child.xml)).join('')
}

/** Gives an element of a file as a source of its own whose places are those in the file. */
export function whole({ span: { source }, xml }: Element): Source {
  const { start, end } = xml.span!
  return new Source(
    source.path,
    source.text.slice(0, start).replace(/[^\r\n]/g, ' ') + source.text.slice(start, end),
  )
}
