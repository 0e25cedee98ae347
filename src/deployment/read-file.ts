import { basename } from 'node:path'
import { checkCollection } from '../collections/check-collection.ts'
import { isCollection } from '../collections/read-collection.ts'
import type { Diagnostics } from '../language/diagnostic.ts'
import type { Vocabulary } from '../language/reader.ts'
import type { Source } from '../language/source.ts'
import { type Element, OWN_NAMESPACE, readXml } from '../language/xml.ts'
import { readYaml } from '../language/yaml.ts'
import { moduleElements } from '../services/module-service.ts'
import { serviceElement } from '../services/own-element.ts'
import { holdsServices, serviceElements } from '../services/yaml-service.ts'
import { readModule } from './read-module.ts'

/** Reads the elements at the top of a file, in XML, YAML or a module; undefined where it is malformed. */
export function readFile(
  file: Source,
  vocabulary: Vocabulary,
  diagnostics: Diagnostics,
): Element[] | undefined {
  const name = basename(file.path).replace(/\.\w+$/, '')
  const reading = { vocabulary, diagnostics }
  if (/\.(?:ya?ml|json)$/.test(file.path)) {
    const node = readYaml(file, diagnostics)
    if (!node) return undefined
    // A collection is for the client: nothing of it is deployed.
    if (isCollection(node)) {
      checkCollection(node, file, diagnostics)
      return []
    }
    if (holdsServices(node)) return serviceElements(node, name, reading)
    const message = 'The file holds no service: a map with basePath, upgradePath or hooks.'
    diagnostics.error(node.span, 'unknown-artifact', message)
    return []
  }
  if (/\.[mc]?[jt]s$/.test(file.path)) {
    const before = diagnostics.errors
    const exported = readModule(file, diagnostics)
    return diagnostics.errors > before ? [] : moduleElements(file, exported, name, reading)
  }
  const root = readXml(file, diagnostics)
  if (!root) return undefined
  return [root.namespace === OWN_NAMESPACE && root.name === 'service' ? serviceElement(root) : root]
}
