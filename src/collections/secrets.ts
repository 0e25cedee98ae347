import type { Auth, Collection, ConnectionItem, Environment, Folder, Item, Variable } from './collection.ts'

/** A collection that may be shown, and how many secrets were taken out of it. */
export interface Censored {
  readonly collection: Collection
  readonly left: number
}

/**
 * Leaves the secrets out of a collection: the values of secret variables, and passwords and tokens that are written
 * where a template could stand.
 */
export function withoutSecrets(collection: Collection): Censored {
  let left = 0
  const censored = (value: string): string => {
    if (value !== '' && !value.includes('{{')) left++
    return value.includes('{{') ? value : ''
  }
  const variable = (each: Variable): Variable => {
    if (!each.isSecret) return each
    if (each.value !== '') left++
    return { ...each, value: '' }
  }
  const environment = (each: Environment): Environment => ({
    ...each,
    variables: each.variables.map(variable),
  })
  const auth = (each: Auth): Auth => {
    if (each.kind === 'basic') return { ...each, password: censored(each.password) }
    if (each.kind === 'bearer') return { ...each, token: censored(each.token) }
    if ((each.kind === 'certificate' || each.kind === 'windows') && each.password !== undefined)
      return { ...each, password: censored(each.password) }
    return each
  }
  const item = (each: Item): Item =>
    each.kind === 'kept' ? each : ({ ...each, auth: auth(each.auth) } satisfies ConnectionItem)
  const folder = (each: Folder): Folder => ({
    ...each,
    items: each.items.map(item),
    folders: each.folders.map(folder),
  })
  const censoredCollection: Collection = {
    ...collection,
    variables: collection.variables.map(variable),
    environments: collection.environments.map(environment),
    ...(collection.auth && { auth: auth(collection.auth) }),
    items: collection.items.map(item),
    folders: collection.folders.map(folder),
  }
  return { collection: censoredCollection, left }
}
