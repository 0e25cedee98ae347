import type { Entry } from '../core/entry.ts'
import type { EntryChange } from '../core/ports.ts'
import { LazyEntry } from './entries.ts'
import type { Registry } from './link.ts'
import { parseKey, type RegistryPath } from './registry-path.ts'
import { WrittenResources } from './written-resources.ts'

/** What stands under a key. */
export interface Resource {
  readonly location: string
  readonly mediaType?: string
  readonly properties?: ReadonlyMap<string, string>
  read(): Buffer
}

/** A place resources come from: a folder, or an archive. */
export interface ResourcePlace {
  find(path: RegistryPath): Resource | undefined
}

/**
 * Resources by key, from all places of a configuration; the first that has one counts. Each is read once. What is
 * written is kept in memory, in front of them.
 */
export class ResourceRegistry implements Registry {
  readonly #places: readonly ResourcePlace[]
  readonly #found = new Map<string, Entry>()
  readonly #written = new WrittenResources()

  constructor(places: readonly ResourcePlace[]) {
    this.#places = places
  }

  find(key: string): Entry | undefined {
    return this.#written.find(key) ?? this.#read(key)
  }

  put(key: string, change: EntryChange): void {
    this.#written.put(key, change, this.#read(key))
  }

  #read(key: string): Entry | undefined {
    const known = this.#found.get(key)
    if (known) return known
    const path = parseKey(key)
    if (!path) return undefined
    for (const place of this.#places) {
      const resource = place.find(path)
      if (!resource) continue
      const entry = new LazyEntry({ key, ...resource, read: () => resource.read() })
      this.#found.set(key, entry)
      return entry
    }
    return undefined
  }
}

/** Reads lines of `name=value`, as files of Java properties have them. */
export function readProperties(text: string): Map<string, string> {
  const values = new Map<string, string>()
  for (const line of text.split(/\r\n|\n|\r/)) {
    const match = /^\s*([^#!\s=:][^=:]*?)\s*[=:]\s*(.*)$/.exec(line)
    if (match) values.set(unescaped(match[1]!), unescaped(match[2]!))
  }
  return values
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, '$1')
}
