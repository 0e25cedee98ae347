/** How deep a made-up value goes; schemas may refer to themselves. */
const MOST_LEVELS = 8

type Json = Readonly<Record<string, unknown>>

/** Whether a value is an object of JSON. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Follows a reference within the description; what is no reference stays as it is. */
export function resolved(value: unknown, root: Json): Json {
  let found = value
  for (let hops = 0; hops < 20; hops++) {
    if (!isObject(found)) return {}
    const { $ref: reference } = found
    if (typeof reference !== 'string') return found
    if (!reference.startsWith('#/')) return {}
    found = reference
      .slice(2)
      .split('/')
      .map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce<unknown>((at, name) => (isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined), root)
  }
  return {}
}

/** Makes a value that a schema describes: its example, its default, or one of its type. */
export function exampleOf(given: unknown, root: Json, level = 0): unknown {
  const schema = resolved(given, root)
  const {
    example,
    examples,
    default: fallback,
    enum: values,
    type,
    properties,
    items,
    allOf,
    oneOf,
    anyOf,
  } = schema
  if (example !== undefined) return example
  if (Array.isArray(examples) && examples.length > 0) return examples[0]
  if (fallback !== undefined) return fallback
  if (Array.isArray(values) && values.length > 0) return values[0]
  if (level > MOST_LEVELS) return null
  if (Array.isArray(allOf))
    return Object.assign({}, ...allOf.map(part => exampleOf(part, root, level + 1) as object))
  const choice = [oneOf, anyOf].find(each => Array.isArray(each) && each.length > 0) as unknown[] | undefined
  if (choice) return exampleOf(choice[0], root, level + 1)
  if (isObject(properties))
    return Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [name, exampleOf(property, root, level + 1)]),
    )
  if (items !== undefined) return [exampleOf(items, root, level + 1)]
  return ofType(type, schema.format)
}

function ofType(type: unknown, format: unknown): unknown {
  const one = Array.isArray(type) ? (type.find(each => each !== 'null') as unknown) : type
  if (one === 'integer' || one === 'number') return 0
  if (one === 'boolean') return true
  if (one === 'array') return []
  if (one === 'object') return {}
  if (format === 'date') return '2025-03-20'
  if (format === 'date-time') return '2025-03-20T00:00:00Z'
  return format === 'uuid' ? '00000000-0000-4000-8000-000000000000' : 'string'
}
