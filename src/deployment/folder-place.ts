import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, sep } from 'node:path'
import { Fault } from '../core/fault.ts'
import { type Resource, type ResourcePlace, readProperties } from './registry.ts'
import { mediaTypeOfFile, type RegistryPath, type Space } from './registry-path.ts'

/** Largest resource that is read. */
const MAX_RESOURCE_BYTES = 64 * 1024 * 1024

const MI = 'src/main/wso2mi/resources'

/** Folders of a project that hold a space, below its root; those that are there count, in this order. */
const FOLDERS: Readonly<Record<Space, readonly string[]>> = {
  conf: ['registry/config', 'registry/conf', 'resources/registry/conf', `${MI}/registry/conf`],
  gov: ['registry/governance', 'registry/gov', 'resources/registry/gov', `${MI}/registry/gov`],
  local: ['registry/local', 'resources/registry/local', `${MI}/registry/local`],
  resources: [
    MI,
    'resources',
    'registry/governance/mi-resources',
    'registry/gov/mi-resources',
    `${MI}/registry/gov/mi-resources`,
  ],
  file: ['.', 'resources'],
}

/** Whether a folder holds resources, and so is the root of a project. */
export function holdsResources(folder: string): boolean {
  return ['registry', 'resources', MI].some(name => existsSync(join(folder, name)))
}

/** The resources below the root folder of a project. Files are read when they are asked for. */
export class FolderPlace implements ResourcePlace {
  readonly #root: string
  readonly #bases = new Map<Space, readonly string[]>()

  constructor(root: string) {
    this.#root = root
  }

  find({ space, path }: RegistryPath): Resource | undefined {
    for (const base of this.#basesOf(space)) {
      const file = resolveWithin(base, path)
      if (file !== undefined) return resource(file)
    }
    return undefined
  }

  /** Real paths of the folders of a space. */
  #basesOf(space: Space): readonly string[] {
    let bases = this.#bases.get(space)
    if (!bases) {
      bases = FOLDERS[space]
        .map(name => join(this.#root, name))
        .filter(folder => existsSync(folder))
        .map(folder => realpathSync(folder))
      this.#bases.set(space, bases)
    }
    return bases
  }
}

/** Finds a file below a folder; links do not lead out of it. */
function resolveWithin(base: string, path: string): string | undefined {
  const wanted = isAbsolute(path) ? path : join(base, path)
  try {
    const real = realpathSync(wanted)
    const isWithin = real.startsWith(base.endsWith(sep) ? base : base + sep)
    return isWithin && statSync(real).isFile() ? real : undefined
  } catch {
    return undefined
  }
}

function resource(file: string): Resource {
  const beside = (name: string): Map<string, string> | undefined => {
    const path = join(dirname(file), name)
    return existsSync(path) ? readProperties(readFileSync(path, 'utf8')) : undefined
  }
  const meta = beside(join('.metadata', `${basename(file)}.meta`)) ?? beside(`${basename(file)}.meta`)
  const properties = beside(`${basename(file)}.properties`)
  return {
    location: file,
    mediaType: meta?.get('mediaType') ?? mediaTypeOfFile(file),
    ...(properties && { properties }),
    read() {
      if (statSync(file).size > MAX_RESOURCE_BYTES)
        throw new Fault(0, `resource ${file} is larger than ${MAX_RESOURCE_BYTES} bytes`)
      return readFileSync(file)
    },
  }
}
