import { Fault } from '../core/fault.ts'
import type { Reading } from '../language/reader.ts'
import { type Element, isSynapse } from '../language/xml.ts'
import { serializeXml } from '../message/xml/serialize.ts'
import type { Registry } from './link.ts'

/**
 * Makes what finds the values of parameters that name an entry, `<parameter name="…" key="…"/>`: local entries of all
 * files, by their elements, since nothing is read yet, and resources of the registry.
 */
export function valueFinder(roots: readonly Element[], registry: Registry | undefined): Reading['entryText'] {
  let entries: ReadonlyMap<string, Element> | undefined
  return key => {
    entries ??= localEntries(roots)
    const entry = entries.get(key)
    try {
      return entry ? textOf(entry, registry) : registry?.find(key)?.text
    } catch (error) {
      if (error instanceof Fault) return undefined
      throw error
    }
  }
}

function localEntries(roots: readonly Element[]): Map<string, Element> {
  const entries = new Map<string, Element>()
  for (const element of roots.flatMap(root => [root, ...root.children])) {
    if (element.name !== 'localEntry' || !isSynapse(element)) continue
    const key = attributeOf(element, 'key')
    if (key !== undefined && !entries.has(key)) entries.set(key, element)
  }
  return entries
}

/** @throws Fault when the file it names cannot be read */
function textOf(entry: Element, registry: Registry | undefined): string | undefined {
  const src = attributeOf(entry, 'src')
  if (src !== undefined) return registry?.find(/^[a-z]+:/i.test(src) ? src : `file:${src}`)?.text
  const inline = entry.children.find(({ name }) => name !== 'description')
  return inline ? serializeXml(inline.xml) : entry.text
}

function attributeOf(element: Element, wanted: string): string | undefined {
  return element.attributes.find(({ name }) => name === wanted)?.value.trim()
}
