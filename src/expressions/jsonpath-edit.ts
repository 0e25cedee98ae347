import type { JsonPath } from './jsonpath.ts'
import { isObject, keysOf, type Step } from './jsonpath-steps.ts'

/** A place in a document: a member of an object or an item of an array. */
export interface JsonPlace {
  readonly holder: JsonObject | unknown[]
  readonly key: string | number
}

/** What a change left behind. */
export interface Edited {
  /** The document; another value than before where the root itself was replaced, undefined where it was deleted. */
  readonly root: unknown
  /** How many places were changed; 0 when the path led nowhere. */
  readonly places: number
}

type JsonObject = Record<string, unknown>

const ROOT = 'root'

/**
 * Puts a value at every place a path leads to. A definite path may name a last member that is not there yet, or
 * the index after the last item, when what would hold it is there. The document is changed in place.
 *
 * The value itself is put in: give a copy where it belongs to another document.
 */
export function setAt(path: JsonPath, root: unknown, value: unknown): Edited {
  const box: JsonObject = { root }
  const places = locateIn(path, box)
  const targets = places.length === 0 && path.definite ? newPlace(path, box) : places
  for (const place of targets) write(place, value)
  return { root: box[ROOT], places: targets.length }
}

/**
 * Adds to what a path leads to: an array gets the value as its last item, an object gets the members of the value.
 * Places that are neither, and objects given something without members, are left alone and not counted.
 */
export function addAt(path: JsonPath, root: unknown, value: unknown): Edited {
  let places = 0
  for (const place of locateIn(path, { root })) {
    const target = read(place)
    if (Array.isArray(target)) target.push(value)
    else if (isObject(target) && isObject(value)) {
      for (const [key, member] of Object.entries(value)) write({ holder: target as JsonObject, key }, member)
    } else continue
    places++
  }
  return { root, places }
}

/** Deletes everything a path leads to. The root may be deleted too. */
export function deleteAt(path: JsonPath, root: unknown): Edited {
  const box: JsonObject = { root }
  const places = locateIn(path, box)
  // Items behind a deleted one move up, so the last ones go first.
  const doomed = new Map<unknown[], Set<number>>()
  for (const { holder, key } of places) {
    if (!Array.isArray(holder)) delete holder[key]
    else doomed.set(holder, (doomed.get(holder) ?? new Set()).add(key as number))
  }
  for (const [array, indexes] of doomed) {
    const kept = array.filter((_, index) => !indexes.has(index))
    array.length = 0
    for (const item of kept) array.push(item)
  }
  return { root: box[ROOT], places: places.length }
}

/**
 * Gives the members a path leads to another name, in the place they have among the others. A member that has the
 * name already goes. Items of arrays have no name and are left alone.
 */
export function renameAt(path: JsonPath, root: unknown, name: string): Edited {
  const box: JsonObject = { root }
  let places = 0
  for (const { holder, key } of locateIn(path, box)) {
    if (holder === box || Array.isArray(holder)) continue
    places++
    if (key === name) continue
    const members = Object.entries(holder)
    for (const [old] of members) delete holder[old]
    for (const [old, value] of members) {
      if (old === key) write({ holder, key: name }, value)
      else if (old !== name) write({ holder, key: old }, value)
    }
  }
  return { root: box[ROOT], places }
}

/** Finds the places a path leads to; a path that ends in a function leads to none. */
function locateIn(path: JsonPath, box: JsonObject): JsonPlace[] {
  return path.isComputed ? [] : follow(path.steps, { holder: box, key: ROOT }, box[ROOT])
}

const MAX_PLACES = 2_000_000

interface Budget {
  left: number
}

/** @throws Error when there are more than two million places on the way */
function follow(steps: readonly Step[], from: JsonPlace, root: unknown): JsonPlace[] {
  const budget = { left: MAX_PLACES }
  let places = [from]
  for (const step of steps) {
    const found: JsonPlace[] = []
    for (const place of step.deep ? withAllDescendants(places, budget) : places) {
      const value = read(place)
      if (step.kind === 'filter' && isObject(value)) {
        if (step.passes(value, root)) found.push(place)
        continue
      }
      for (const key of keysOf(step, value, root)) found.push({ holder: value as JsonPlace['holder'], key })
    }
    places = found
  }
  return places
}

/** Parents before children, in document order. */
function* withAllDescendants(places: readonly JsonPlace[], budget: Budget): Generator<JsonPlace> {
  for (const place of places) {
    const waiting = [place]
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      if (--budget.left < 0) throw new Error(`the path visits more than ${MAX_PLACES} values`)
      yield next
      const holder = read(next) as JsonPlace['holder']
      const keys = Array.isArray(holder) ? [...holder.keys()] : isObject(holder) ? Object.keys(holder) : []
      for (let i = keys.length - 1; i >= 0; i--) waiting.push({ holder, key: keys[i]! })
    }
  }
}

/** Where the last step of a definite path would lead if it were there: what holds it must be. */
function newPlace(path: JsonPath, box: JsonObject): JsonPlace[] {
  const last = path.steps[path.steps.length - 1]
  if (!last || path.isComputed) return []
  const [parent] = follow(path.steps.slice(0, -1), { holder: box, key: ROOT }, box[ROOT])
  const holder = parent && read(parent)
  if (last.kind === 'names' && last.names.length === 1 && isObject(holder)) {
    return [{ holder: holder as JsonObject, key: last.names[0]! }]
  }
  if (last.kind === 'indexes' && Array.isArray(holder) && last.indexes[0] === holder.length) {
    return [{ holder, key: holder.length }]
  }
  return []
}

function read({ holder, key }: JsonPlace): unknown {
  return (holder as JsonObject)[key]
}

/** Sets a member even if it is called `__proto__`. */
function write({ holder, key }: JsonPlace, value: unknown): void {
  if (key !== '__proto__') (holder as JsonObject)[key] = value
  else Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true })
}
