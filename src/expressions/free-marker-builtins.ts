import { type Arguments, type BuiltIn, onList, test } from './free-marker-builtin.ts'
import { DATE_BUILT_INS, NUMBER_BUILT_INS } from './free-marker-number-builtins.ts'
import type { LoopVariable } from './free-marker-scope.ts'
import { FreeMarkerError } from './free-marker-text.ts'
import { TEXT_BUILT_INS } from './free-marker-text-builtins.ts'
import {
  areEqual,
  exists,
  isHash,
  isNumber,
  kindOf,
  Lookup,
  type Method,
  memberOf,
  Nodes,
  toBoolean,
  toList,
  toNumber,
  toText,
  type Value,
} from './free-marker-values.ts'

const lists: Readonly<Record<string, BuiltIn>> = {
  size: {
    arity: [0, 0],
    apply: value => (isHash(value) ? Object.keys(value).length : toList(value).length),
  },
  first: onList(list => list[0]),
  last: onList(list => list[list.length - 1]),
  reverse: onList(list => [...list].reverse()),
  sort: onList(list => sorted(list, item => item)),
  min: onList(list => (list.length === 0 ? undefined : Math.min(...list.map(toNumber)))),
  max: onList(list => (list.length === 0 ? undefined : Math.max(...list.map(toNumber)))),
  sequence: onList(list => [...list]),
  sort_by: {
    arity: [1, 1],
    apply: (value, args) => {
      const path = Array.isArray(args.at(0)) ? toList(args.at(0)) : [args.at(0)]
      return sorted(toList(value), item =>
        path.reduce((held: Value, name) => memberOf(held, toText(name)), item),
      )
    },
  },
  seq_contains: {
    arity: [1, 1],
    apply: (value, args) => toList(value).some(item => isSame(item, args.at(0))),
  },
  seq_index_of: {
    arity: [1, 1],
    apply: (value, args) => toList(value).findIndex(item => isSame(item, args.at(0))),
  },
  chunk: {
    arity: [1, 1],
    apply(value, args) {
      const [list, size] = [toList(value), Math.max(1, toNumber(args.at(0)))]
      return Array.from({ length: Math.ceil(list.length / size) }, (_, i) =>
        list.slice(i * size, (i + 1) * size),
      )
    },
  },
  join: {
    arity: [1, 3],
    apply(value, args) {
      const list = toList(value).filter(exists)
      if (list.length === 0) return args.length > 1 ? toText(args.at(1)) : ''
      return (
        list.map(item => toText(item)).join(toText(args.at(0))) + (args.length > 2 ? toText(args.at(2)) : '')
      )
    },
  },
  map: { arity: [1, 1], apply: (value, args) => toList(value).map(item => method(args)([item])) },
  filter: {
    arity: [1, 1],
    apply: (value, args) => toList(value).filter(item => toBoolean(method(args)([item]))),
  },
  keys: { arity: [0, 0], apply: value => Object.keys(hash(value)) },
  values: { arity: [0, 0], apply: value => Object.values(hash(value)) },
}

function hash(value: Value): Readonly<Record<string, Value>> {
  if (isHash(value)) return value
  throw new FreeMarkerError(`a hash is expected, and this is ${kindOf(value)}`)
}

function method(args: Arguments): Method {
  const given = args.at(0)
  if (typeof given === 'function') return given as Method
  throw new FreeMarkerError('a lambda such as x -> x.name is expected')
}

function isSame(item: Value, wanted: Value): boolean {
  try {
    return exists(item) && areEqual(item, wanted)
  } catch {
    return false
  }
}

function sorted(list: readonly Value[], by: (item: Value) => Value): Value[] {
  return [...list].sort((a, b) => {
    const [left, right] = [by(a), by(b)]
    return isNumber(left) ? toNumber(left) - toNumber(right) : toText(left).localeCompare(toText(right), 'en')
  })
}

const kinds: Readonly<Record<string, BuiltIn>> = {
  is_string: test(value => typeof value === 'string' || value instanceof Nodes),
  is_number: test(isNumber),
  is_boolean: test(value => typeof value === 'boolean'),
  is_sequence: test(value => Array.isArray(value) || value instanceof Nodes),
  is_enumerable: test(value => Array.isArray(value) || value instanceof Nodes),
  is_collection: test(value => Array.isArray(value) || value instanceof Nodes),
  is_hash: test(value => isHash(value) || value instanceof Nodes || value instanceof Lookup),
  is_hash_ex: test(isHash),
  is_node: test(value => value instanceof Nodes),
  is_date: test(value => value instanceof Date),
  is_method: test(value => typeof value === 'function'),
  has_content: { arity: [0, 0], takesNothing: true, apply: hasContent },
  exists: { arity: [0, 0], takesNothing: true, apply: exists },
  if_exists: { arity: [0, 0], takesNothing: true, apply: value => value ?? '' },
  default: { arity: [1, 9], takesNothing: true, apply: (value, args) => firstOf(value, args) },
  // biome-ignore lint/suspicious/noThenProperty: it is the name of the built-in
  then: { arity: [2, 2], apply: (value, args) => args.at(toBoolean(value) ? 0 : 1) },
  switch: {
    arity: [2, 99],
    apply(value, args) {
      for (let i = 0; i + 1 < args.length; i += 2) if (areEqual(value, args.at(i))) return args.at(i + 1)
      return args.length % 2 === 1 ? args.at(args.length - 1) : undefined
    },
  },
  node_name: {
    arity: [0, 0],
    apply: value => (value instanceof Nodes ? value.member('@@local_name') : undefined),
  },
  children: { arity: [0, 0], apply: value => memberOf(value, '*') },
}

function firstOf(value: Value, args: Arguments): Value {
  if (exists(value)) return value
  for (let i = 0; i < args.length; i++) if (exists(args.at(i))) return args.at(i)
  return undefined
}

function hasContent(value: Value): boolean {
  if (!exists(value) || value === '') return false
  if (Array.isArray(value)) return value.length > 0
  if (value instanceof Nodes) return value.nodes.length > 1 || value.text() !== ''
  return isHash(value) ? Object.keys(value).length > 0 : true
}

/** The built-ins by name. */
export const BUILT_INS: ReadonlyMap<string, BuiltIn> = new Map(
  Object.entries({
    ...TEXT_BUILT_INS,
    ...NUMBER_BUILT_INS,
    ...DATE_BUILT_INS,
    ...lists,
    ...kinds,
  }),
)

/** Built-ins that ask a loop variable where its loop is. */
export const LOOP_BUILT_INS: ReadonlyMap<string, (loop: LoopVariable) => Value> = new Map(
  Object.entries({
    index: loop => loop.index,
    counter: loop => loop.index + 1,
    has_next: loop => loop.hasNext,
    is_first: loop => loop.index === 0,
    is_last: loop => !loop.hasNext,
    item_parity: loop => (loop.index % 2 === 0 ? 'odd' : 'even'),
    is_even_item: loop => loop.index % 2 === 1,
    is_odd_item: loop => loop.index % 2 === 0,
  } satisfies Record<string, (loop: LoopVariable) => Value>),
)
