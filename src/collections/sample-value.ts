type Plain = Readonly<Record<string, unknown>>

/** Values so deep inside each other are a schema that refers to itself. */
const MOST_LEVELS = 8
/** A schema may stand for more values than anybody wants to read. */
const MOST_VALUES = 1_000

const FORMATS: Readonly<Record<string, string>> = {
  'date-time': '2024-01-01T00:00:00Z',
  date: '2024-01-01',
  time: '00:00:00Z',
  email: 'someone@example.com',
  uri: 'https://www.example.com/',
  uuid: '00000000-0000-4000-8000-000000000000',
}

/** Makes a value that a JSON Schema is likely to take, such as one who writes a first message would. */
export function sampleValue(schema: unknown, resolve: (schema: unknown) => unknown = each => each): unknown {
  let left = MOST_VALUES
  const sample = (given: unknown, level: number): unknown => {
    const found = resolve(given)
    if (typeof found !== 'object' || found === null || level > MOST_LEVELS || left-- <= 0) return null
    return sampleOf(found as Plain, inner => sample(inner, level + 1))
  }
  return sample(schema, 0)
}

function sampleOf(schema: Plain, inner: (schema: unknown) => unknown): unknown {
  for (const key of ['const', 'default', 'example']) if (key in schema) return schema[key]
  for (const key of ['examples', 'enum']) {
    const [first] = listAt(schema, key)
    if (first !== undefined) return first
  }
  const [alternative] = [...listAt(schema, 'oneOf'), ...listAt(schema, 'anyOf')]
  const parts = [...listAt(schema, 'allOf'), ...(alternative === undefined ? [] : [alternative])]
  const properties = (schema.properties ?? {}) as Plain
  if (parts.length > 0 || Object.keys(properties).length > 0) {
    const values = parts.map(inner)
    const own = Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, inner(each)]))
    const objects = values.filter(each => typeof each === 'object' && each !== null)
    if (objects.length === 0 && Object.keys(own).length === 0) return values[0] ?? {}
    return Object.assign({}, ...objects, own)
  }
  return plainSample(schema, inner)
}

function plainSample({ type, format, items, minimum }: Plain, inner: (schema: unknown) => unknown): unknown {
  switch (Array.isArray(type) ? type[0] : type) {
    case 'array':
      return items === undefined ? [] : [inner(items)]
    case 'string':
      return FORMATS[String(format)] ?? 'text'
    case 'integer':
    case 'number':
      return typeof minimum === 'number' ? minimum : 0
    case 'boolean':
      return true
    case 'null':
      return null
    default:
      return {}
  }
}

function listAt(schema: Plain, key: string): readonly unknown[] {
  const value = schema[key]
  return Array.isArray(value) ? value : []
}
