import { Source } from '../language/source.ts'
import { parseXml } from '../message/xml/parse.ts'
import type { XmlElement } from '../message/xml/tree.ts'
import { unpack } from './archive.ts'
import { listedResource, listedResources, ResourceItems } from './resource-items.ts'

/** Something under the paths of a configuration that was left aside. */
export interface Skipped {
  readonly path: string
  readonly reason: string
}

/** What a composite application holds. */
export interface Car {
  readonly files: readonly Source[]
  readonly items: ResourceItems
  readonly skipped: readonly Skipped[]
}

const ROLES: readonly string[] = ['EnterpriseIntegrator', 'EnterpriseServiceBus', 'DataServicesServer']

/**
 * Reads a composite application: its artifacts, and the resources it brings along.
 * @throws Error when it is no archive, is too large, or lists nothing
 */
export async function readCar(path: string, shown: string): Promise<Car> {
  const files = await unpack(path)
  const descriptor = files.get('metadata.xml') ?? files.get('artifacts.xml')
  const root = descriptor && parseXml(textOf(descriptor)).documentElement
  if (!root)
    throw new Error('it has neither metadata.xml nor artifacts.xml, and so is no composite application')
  const reader = new CarReader(files, shown)
  for (const dependency of descendants(root, 'dependency')) reader.part(dependency)
  return reader
}

class CarReader implements Car {
  readonly files: Source[] = []
  readonly items = new ResourceItems()
  readonly skipped: Skipped[] = []
  readonly #unpacked: ReadonlyMap<string, Buffer>
  readonly #shown: string

  constructor(unpacked: ReadonlyMap<string, Buffer>, shown: string) {
    this.#unpacked = unpacked
    this.#shown = shown
  }

  part(dependency: XmlElement): void {
    const [artifact, version] = ['artifact', 'version'].map(name => dependency.getAttribute(name) ?? '')
    const folder = `${artifact}_${version}`
    const role = dependency.getAttribute('serverRole')
    if (role !== undefined && !ROLES.some(known => matches(role, known))) {
      this.#skip(folder, `its server role is ${role}`)
      return
    }
    const description = this.#unpacked.get(`${folder}/artifact.xml`)
    const root = description && parseXml(textOf(description)).documentElement
    if (!root) this.#skip(folder, 'it has no artifact.xml')
    else for (const element of [root, ...descendants(root, 'artifact')]) this.#artifact(element, folder)
  }

  #artifact(element: XmlElement, folder: string): void {
    const type = element.getAttribute('type') ?? ''
    const file = element.children.find(child => child.localName === 'file')?.text.trim()
    const path = `${folder}/${file ?? ''}`
    const data = this.#unpacked.get(path)
    if (file === undefined) return
    if (!data) this.#skip(path, 'it is not in the archive')
    else if (type === 'registry/resource') this.#resources(data, folder)
    else if (!type.startsWith('synapse/') || type === 'synapse/lib')
      this.#skip(path, `parts of type ${type} do not run`)
    else this.files.push(new Source(`${this.#shown}!/${path}`, textOf(data), { isOfArchive: true }))
  }

  #resources(list: Buffer, folder: string): void {
    const root = parseXml(textOf(list)).documentElement
    for (const listed of root ? listedResources(root) : []) {
      const base = `${folder}/resources/${listed.file}`
      for (const [path, data] of this.#unpacked) {
        const rest =
          path === base
            ? ''
            : listed.isFolder && path.startsWith(`${base}/`)
              ? path.slice(base.length)
              : undefined
        if (rest === undefined) continue
        const { space, path: at } = listed.path
        this.items.add(
          { space, path: at + rest },
          listedResource(listed, `${this.#shown}!/${path}`, () => data),
        )
      }
    }
  }

  #skip(path: string, reason: string): void {
    this.skipped.push({ path: `${this.#shown}!/${path}`, reason })
  }
}

function* descendants(element: XmlElement, name: string): Generator<XmlElement> {
  for (const child of element.children) {
    if (child.localName === name) yield child
    yield* descendants(child, name)
  }
}

/** Compatibility: a role is a regular expression. */
function matches(role: string, known: string): boolean {
  try {
    return new RegExp(`^(?:${role})$`).test(known)
  } catch {
    return role === known
  }
}

function textOf(data: Buffer): string {
  return data.toString('utf8').replace(/^\ufeff/, '')
}
