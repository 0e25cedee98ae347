import { ExactNumber } from '../message/codecs/exact-number.ts'
import type { Filter } from './jsonpath-filter.ts'

/** A step of a path. `deep`: taken from everything below, after `..`. */
export type Step = { readonly deep: boolean } & (
  | { readonly kind: 'names'; readonly names: readonly string[]; readonly merged: boolean }
  | { readonly kind: 'indexes'; readonly indexes: readonly number[] }
  | { readonly kind: 'slice'; readonly from: number | undefined; readonly to: number | undefined }
  | { readonly kind: 'wildcard' }
  | { readonly kind: 'filter'; readonly passes: Filter }
)

/** Whether steps lead to one place at most. */
export function isDefinite(steps: readonly Step[]): boolean {
  return steps.every(step => {
    if (step.deep) return false
    if (step.kind === 'names') return step.names.length === 1 || step.merged
    return step.kind === 'indexes' && step.indexes.length === 1
  })
}

const MAX_VISITS = 2_000_000

interface Budget {
  left: number
}

/**
 * Follows steps from a value of a document and collects everything they lead to.
 * @throws Error when that is more than two million values
 */
export function follow(steps: readonly Step[], from: unknown, root: unknown): unknown[] {
  const budget = { left: MAX_VISITS }
  let matches = [from]
  for (const step of steps) {
    const found: unknown[] = []
    for (const value of matches) {
      if (!step.deep) take(step, value, root, found)
      else for (const below of withDescendants(value, budget)) take(step, below, root, found)
    }
    budget.left -= found.length
    if (budget.left < 0) throw new Error(`the path matches more than ${MAX_VISITS} times`)
    matches = found
  }
  return matches
}

/** Parents before children, in document order; without recursion, for payloads deeper than the stack. */
function* withDescendants(value: unknown, budget: Budget): Generator<unknown> {
  const waiting = [value]
  while (waiting.length > 0) {
    const next = waiting.pop()
    if (--budget.left < 0) throw new Error(`the path visits more than ${MAX_VISITS} values`)
    yield next
    const inside = Array.isArray(next) ? next : isObject(next) ? Object.values(next) : []
    for (let i = inside.length - 1; i >= 0; i--) waiting.push(inside[i])
  }
}

function take(step: Step, value: unknown, root: unknown, found: unknown[]): void {
  switch (step.kind) {
    case 'names':
      if (!isObject(value)) return
      if (step.merged) {
        // Anywhere below, an object has to have all of them.
        if (!step.deep || step.names.every(name => Object.hasOwn(value, name)))
          found.push(pick(value, step.names))
      } else for (const name of step.names) if (Object.hasOwn(value, name)) found.push(value[name])
      return
    case 'indexes':
      if (Array.isArray(value)) for (const index of step.indexes) takeAt(value, index, found)
      return
    case 'slice':
      if (Array.isArray(value)) takeSlice(value, step.from, step.to, found)
      return
    case 'wildcard':
      if (Array.isArray(value)) for (const item of value) found.push(item)
      else if (isObject(value)) for (const member of Object.values(value)) found.push(member)
      return
    case 'filter':
      // Compatibility: the filter of an object is about the object itself, not its members.
      if (isObject(value)) {
        if (step.passes(value, root)) found.push(value)
      } else if (Array.isArray(value) && !step.deep) {
        for (const item of value) if (step.passes(item, root)) found.push(item)
      }
  }
}

function takeAt(array: readonly unknown[], index: number, found: unknown[]): void {
  const at = index < 0 ? array.length + index : index
  if (at >= 0 && at < array.length) found.push(array[at])
}

/** Compatibility: with both ends given every number between them is an index, so `[1:-1]` is empty. */
function takeSlice(
  array: readonly unknown[],
  from: number | undefined,
  to: number | undefined,
  found: unknown[],
): void {
  const { length } = array
  if (from !== undefined && to !== undefined) {
    for (let i = Math.max(from, -length); i < Math.min(to, length); i++) takeAt(array, i, found)
    return
  }
  for (const item of array.slice(from ?? 0, to ?? length)) found.push(item)
}

function pick(object: Readonly<Record<string, unknown>>, names: readonly string[]): unknown {
  return Object.fromEntries(
    names.filter(name => Object.hasOwn(object, name)).map(name => [name, object[name]]),
  )
}

/**
 * Gives the keys of the places below a value that a step leads to. A filter on an object leads to the object
 * itself, and has none.
 */
export function keysOf(step: Step, value: unknown, root: unknown): (string | number)[] {
  if (Array.isArray(value)) {
    const { length } = value
    switch (step.kind) {
      case 'names':
        return []
      case 'indexes':
        return step.indexes.map(i => (i < 0 ? length + i : i)).filter(i => i >= 0 && i < length)
      case 'slice': {
        const all = [...value.keys()]
        const found: unknown[] = []
        takeSlice(all, step.from, step.to, found)
        return found as number[]
      }
      case 'wildcard':
        return [...value.keys()]
      case 'filter':
        return step.deep ? [] : [...value.keys()].filter(i => step.passes(value[i], root))
    }
  }
  if (!isObject(value)) return []
  if (step.kind === 'names') return step.names.filter(name => Object.hasOwn(value, name))
  return step.kind === 'wildcard' ? Object.keys(value) : []
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber)
  )
}
