/** What a parameter may be asked to be. */
export const VALUE_TYPES = [
  'string',
  'int',
  'integer',
  'float',
  'double',
  'number',
  'bool',
  'boolean',
  'uuid',
  'date',
] as const

/** The type of a parameter. */
export type ValueType = (typeof VALUE_TYPES)[number]

/** Whether a word names a type. */
export function isValueType(word: string): word is ValueType {
  return (VALUE_TYPES as readonly string[]).includes(word)
}

/** Reads a text as a value of a type; undefined where it is none. */
export function typed(text: string, type: ValueType): string | number | boolean | undefined {
  switch (type) {
    case 'string':
      return text
    case 'int':
    case 'integer':
      return /^[+-]?\d{1,15}$/.test(text) ? Number(text) : undefined
    case 'float':
    case 'double':
    case 'number':
      return /^[+-]?\d{1,300}(?:\.\d{1,300})?(?:[eE][+-]?\d{1,3})?$/.test(text) ? Number(text) : undefined
    case 'bool':
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : undefined
    case 'uuid':
      return /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i.test(text) ? text : undefined
    case 'date':
      return isDate(text) ? text : undefined
  }
}

/** Whether a JSON value is of a type; numbers and booleans may be written as text. */
export function isOfType(value: unknown, type: ValueType): boolean {
  if (typeof value === 'string') return type === 'string' || typed(value, type) !== undefined
  if (typeof value === 'number')
    return type === 'int' || type === 'integer'
      ? Number.isInteger(value)
      : type === 'float' || type === 'double' || type === 'number'
  return typeof value === 'boolean' && (type === 'bool' || type === 'boolean')
}

/** A day that there is, with or without a time: 2025-03-20, 2025-03-20T10:00:00Z. */
function isDate(text: string): boolean {
  const day = /^(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})?)?$/.exec(
    text,
  )?.[1]
  if (day === undefined || Number.isNaN(Date.parse(text))) return false
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day)
}
