import type { XmlElement } from '../message/xml/tree.ts'
import type { Resource, ResourcePlace } from './registry.ts'
import { mediaTypeOfFile, type RegistryPath, SYSTEM } from './registry-path.ts'

/** Resources that are listed one by one, as archives and registry projects do. */
export class ResourceItems implements ResourcePlace {
  readonly #items = new Map<string, Resource>()

  add({ space, path }: RegistryPath, resource: Resource): void {
    this.#items.set(`${space}:${path}`, resource)
    const inResources = space === 'gov' ? /^mi-resources\/(.+)$/.exec(path)?.[1] : undefined
    if (inResources !== undefined) this.#items.set(`resources:${inResources}`, resource)
  }

  find({ space, path }: RegistryPath): Resource | undefined {
    return this.#items.get(`${space}:${path}`)
  }

  get size(): number {
    return this.#items.size
  }
}

/** A file or folder of a list, and the path it has in the registry. */
export interface ListedResource {
  readonly file: string
  readonly isFolder: boolean
  readonly path: RegistryPath
  readonly mediaType: string | undefined
  readonly properties: ReadonlyMap<string, string>
}

/** Reads the `<item>` and `<collection>` elements of a list of resources. */
export function listedResources(root: XmlElement): ListedResource[] {
  const found: ListedResource[] = []
  for (const element of root.children) {
    const isFolder = element.localName === 'collection'
    if (!isFolder && element.localName !== 'item') {
      found.push(...listedResources(element))
      continue
    }
    const say = (name: string): string | undefined =>
      element.children.find(child => child.localName === name)?.text.trim() || undefined
    const file = say(isFolder ? 'directory' : 'file')
    const system = /^\/?_system\/(governance|config|local)\/?(.*)$/.exec(say('path') ?? '')
    if (file === undefined || !system || file.split(/[/\\]/).includes('..')) continue
    const folder = system[2]!.replace(/\/$/, '')
    const path = isFolder ? folder : [folder, baseName(file)].filter(part => part !== '').join('/')
    found.push({
      file,
      isFolder,
      path: { space: SYSTEM[system[1]!]!, path },
      mediaType: say('mediaType'),
      properties: propertiesOf(element),
    })
  }
  return found
}

/** Makes a resource of a listed file. */
export function listedResource(
  { mediaType, properties }: ListedResource,
  location: string,
  read: () => Buffer,
): Resource {
  return {
    location,
    mediaType: mediaType ?? mediaTypeOfFile(location),
    ...(properties.size > 0 && { properties }),
    read,
  }
}

function baseName(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1)
}

function propertiesOf(element: XmlElement): Map<string, string> {
  const values = new Map<string, string>()
  const list = element.children.find(child => child.localName === 'properties')
  for (const property of list?.children ?? []) {
    const key = property.getAttribute('key') ?? property.getAttribute('name')
    if (key !== undefined) values.set(key, property.getAttribute('value') ?? property.text)
  }
  return values
}
