type Plain = Readonly<Record<string, unknown>>

/** What holds values and no schemas. */
const VALUES: ReadonlySet<string> = new Set(['const', 'default', 'enum', 'examples', 'example'])

/** What holds schemas by names of their own. */
const NAMED: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  'definitions',
  '$defs',
  'dependencies',
  'dependentSchemas',
])

/** Drafts that an AsyncAPI document takes as they are. */
const USUAL = /draft-0[67]\b/

/**
 * Gives a JSON Schema as it may stand at a place of a document: references into itself lead to that place, and drafts
 * other than 07 say what they are.
 */
export function embeddedSchema(schema: Plain, place: string): Plain {
  const { $schema, $id: _id, id, ...rest } = schema
  const own = typeof id === 'string' ? rest : { ...rest, ...(id !== undefined && { id }) }
  const named = typeof $schema === 'string' ? $schema : ''
  const draft = /draft-\d\d\b|\b\d{4}-\d\d\b/.exec(named)?.[0]
  if (draft === undefined || USUAL.test(draft)) return moved(own, place) as Plain
  const version = draft.startsWith('draft') ? draft : `draft-${draft}`
  return {
    schemaFormat: `application/schema+json;version=${version}`,
    schema: moved(own, `${place}/schema`),
  }
}

function moved(value: unknown, place: string, holdsNames = false): unknown {
  if (Array.isArray(value)) return value.map(each => moved(each, place))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, each]): [string, unknown] => {
    if (holdsNames) return [key, moved(each, place)]
    if (VALUES.has(key)) return [key, each]
    const isOwn = key === '$ref' && typeof each === 'string' && /^#(?:\/|$)/.test(each)
    return [key, isOwn ? place + each.slice(1) : moved(each, place, NAMED.has(key))]
  })
  return Object.fromEntries(entries)
}
