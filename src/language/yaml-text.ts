import { createRequire } from 'node:module'
import type * as Yaml from 'yaml'

let loaded: typeof Yaml | undefined

function writer(): typeof Yaml {
  loaded ??= createRequire(import.meta.url)('yaml') as typeof Yaml
  return loaded
}

const WIDTH = 110

/** Writes a plain value as the text of a YAML file. */
export function yamlText(value: unknown): string {
  return writer().stringify(value, { lineWidth: WIDTH, aliasDuplicateObjects: false })
}

/** Where something stands in a YAML file: keys of maps and places in lists. */
export type YamlPath = readonly (string | number)[]

/** Sets a value in the text of a YAML or JSON file; all else, comments included, stays as it is. */
export function withYamlValue(text: string, path: YamlPath, value: unknown): string {
  const document = writer().parseDocument(text)
  const before = document.getIn(path, true)
  // The comment behind a value belongs to it.
  if (writer().isScalar(before)) before.value = value
  else document.setIn(path, document.createNode(value))
  return textOf(document, text)
}

/** Adds a value at the end of a list in the text of a YAML or JSON file; makes the list where there is none. */
export function withYamlItem(text: string, path: YamlPath, value: unknown): string {
  const document = writer().parseDocument(text)
  if (document.hasIn(path)) document.addIn(path, document.createNode(value))
  else document.setIn(path, document.createNode([value]))
  return textOf(document, text)
}

function textOf(document: Yaml.Document, before: string): string {
  if (!before.trimStart().startsWith('{')) return document.toString({ lineWidth: 0 })
  return `${JSON.stringify(document.toJS(), null, 2)}\n`
}
