import { artifact } from '../language/declare.ts'
import { attribute, body, child, literal } from '../language/field.ts'
import { name, text } from '../language/types.ts'
import { serializeXml } from '../message/xml/serialize.ts'
import { LazyEntry } from './entries.ts'

/** Text or XML by a key, written in the configuration or in a file beside it. */
export const localEntryArtifact = artifact({
  element: 'localEntry',
  folder: 'local-entries',
  space: 'entry',
  summary: 'Text or XML that others refer to by its key, written here or in a file.',
  fields: {
    key: attribute(name, { doc: 'Key it is referred to by.', required: true }),
    src: attribute(text, {
      doc: 'A file in place of inline content, as `file:` and a path below the folder of the configuration.',
    }),
    description: child({ text: body(text, { doc: 'Text.' }) }, { doc: 'For people.' }),
    text: body(text, { doc: 'Inline text.' }),
    xml: literal({ doc: 'Inline XML: one element.' }),
  },
  notes:
    'An entry that holds a `<sequence>` or an `<endpoint>` can be referred to as one. Compatibility: content at an `http://` address is not fetched; there is no such entry then, and using it is a fault.',
  example: `<localEntry key="greeting" xmlns="http://ws.apache.org/ns/synapse">Hello from the gateway</localEntry>`,
  nameOf: config => config.key ?? '',

  compile({ key, src, text: written, xml: element }, build, span) {
    if (src !== undefined) {
      const location = src.trim()
      if (/^https?:/i.test(location)) {
        build.warning(
          span,
          'no-effect',
          `Local entry ${key} has no effect: what is at http addresses, here ${location}, is not fetched.`,
          'Put the content into a file of the configuration, and refer to that.',
        )
        return {}
      }
      const fileKey = /^[a-z]+:/i.test(location) ? location : `file:${location}`
      const file = build.entry({ name: fileKey, span })
      if (!file) return {}
      const { mediaType } = file
      return { entry: new LazyEntry({ key, location: file.location, mediaType, read: () => file.bytes }) }
    }
    const { path } = span.source
    if (!element)
      return { entry: new LazyEntry({ key, location: path, read: () => Buffer.from(written ?? '') }) }
    const read = (): Buffer => Buffer.from(serializeXml(element.xml))
    return { entry: new LazyEntry({ key, location: path, mediaType: 'application/xml', element, read }) }
  },
})
