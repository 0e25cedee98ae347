import { Expected } from '../language/types.ts'

/** The array of tables with the users of the management API. */
export const USERS = 'internal_apis.users'

/** Somebody who may use the management API. */
export interface ApiUser {
  readonly name: string
  readonly password: string
  /** Whether they may change something. */
  readonly isAdmin: boolean
}

/**
 * Reads `[[internal_apis.users]]`, each with `user.name`, `user.password` and `user.is_admin`; `resolve` replaces what
 * stands for the environment. @throws Expected where one has no name or no password
 */
export function readUsers(value: unknown, resolve: (text: string) => string): ApiUser[] {
  if (!Array.isArray(value)) throw new Expected('tables, each written [[internal_apis.users]]')
  return value.map(each => {
    const { user } = (each ?? {}) as { user?: Readonly<Record<string, unknown>> }
    const { name, password, is_admin: isAdmin = true } = user ?? {}
    if (typeof name !== 'string' || name === '' || name.includes(':'))
      throw new Expected('a user.name without a colon in each')
    if (typeof password !== 'string' || password === '') throw new Expected('a user.password in each')
    return { name: resolve(name), password: resolve(password), isAdmin: String(isAdmin) === 'true' }
  })
}
