import type { Entry } from '../core/entry.ts'
import { Fault } from '../core/fault.ts'
import type { EntryChange } from '../core/ports.ts'
import { LazyEntry } from './entries.ts'
import { mediaTypeOfFile, parseKey } from './registry-path.ts'

/** How much may be written, in resources and in characters: names may be computed from messages. */
const MAX_RESOURCES = 10_000
const MAX_CHARACTERS = 64 * 1024 * 1024

/** A resource that was written, over the one there was. */
interface Written {
  readonly base: Entry | undefined
  readonly text: string | undefined
  readonly properties: ReadonlyMap<string, string>
  readonly entry: Entry
}

class WrittenEntry extends LazyEntry {
  readonly #own: ReadonlyMap<string, string>
  readonly #base: Entry | undefined

  constructor(
    key: string,
    read: () => Buffer,
    properties: ReadonlyMap<string, string>,
    base: Entry | undefined,
  ) {
    const mediaType = base?.mediaType ?? mediaTypeOfFile(key)
    super({ key, location: base?.location ?? key, mediaType, read })
    this.#own = properties
    this.#base = base
  }

  override property(name: string): string | undefined {
    return this.#own.get(name) ?? this.#base?.property(name)
  }
}

/** What messages wrote to the registry: kept in memory alone. */
export class WrittenResources {
  readonly #written = new Map<string, Written>()
  #characters = 0

  find(key: string): Entry | undefined {
    if (this.#written.size === 0) return undefined
    const place = placeOf(key)
    return place === undefined ? undefined : this.#written.get(place)?.entry
  }

  /**
   * Writes over a resource; `original` is what stands there without anything written.
   * @throws Fault when the key is none, or there is no more room
   */
  put(key: string, change: EntryChange, original: Entry | undefined): void {
    const place = placeOf(key)
    if (place === undefined) throw new Fault(0, `${key} is no path of the registry`)
    const before = this.#written.get(place)
    const base = before ? before.base : original
    const isText = 'text' in change
    const text = isText ? change.text : before?.text
    const properties = isText
      ? (before?.properties ?? new Map<string, string>())
      : new Map(before?.properties).set(change.property, change.value)
    this.#makeRoom(place, before, sizeOf(text, properties))
    const bytes = text === undefined ? (base?.bytes ?? Buffer.alloc(0)) : Buffer.from(text)
    const entry = new WrittenEntry(key, () => bytes, properties, base)
    this.#written.set(place, { base, text, properties, entry })
  }

  #makeRoom(place: string, before: Written | undefined, size: number): void {
    const characters = this.#characters - (before ? sizeOf(before.text, before.properties) : 0) + size
    if (characters > MAX_CHARACTERS || (!before && this.#written.size >= MAX_RESOURCES))
      throw new Fault(0, `nothing can be written to ${place}: the registry in memory is full`)
    this.#characters = characters
  }
}

function sizeOf(text: string | undefined, properties: ReadonlyMap<string, string>): number {
  let size = text?.length ?? 0
  for (const [name, value] of properties) size += name.length + value.length
  return size
}

/** The same for all ways to write a key. */
function placeOf(key: string): string | undefined {
  const path = parseKey(key)
  return path && `${path.space}:${path.path}`
}
