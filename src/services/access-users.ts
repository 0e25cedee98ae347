import { readFileSync } from 'node:fs'
import { readHash } from '../core/access/password-hash.ts'
import type { StoredUser } from '../core/access/user-store.ts'
import type { Build } from '../language/declare.ts'
import { Diagnostics, didYouMean } from '../language/diagnostic.ts'
import { Source, type Span } from '../language/source.ts'
import { readYaml, type YamlNode, yamlValue } from '../language/yaml.ts'
import { fileBeside } from './access-files.ts'
import type { Located } from './access-types.ts'

/** A user as it is written. */
export interface WrittenUser {
  readonly username: string
  readonly password: Located
  readonly scopes: readonly string[]
}

const HASH_HINT = 'Run `myelin hash-password` and write what it prints.'

/** Reads users, those of a file among them; what is wrong with them is reported. */
export function storedUsers(
  written: readonly WrittenUser[],
  file: Located | undefined,
  build: Build,
): StoredUser[] {
  const users = new Map<string, StoredUser>()
  for (const { user, span } of [...written.map(located), ...(file ? usersIn(file, build) : [])]) {
    const { username, password, scopes } = user
    const hash = readHash(password.text)
    if (!hash)
      build.error(
        password.span,
        'bad-value',
        `The password of ${username} is no hash of one: passwords are not kept as they are.`,
        HASH_HINT,
      )
    else if (users.has(username)) build.error(span, 'duplicate-name', `The user ${username} is there twice.`)
    else if (username.includes(':'))
      build.error(span, 'bad-value', `The user name ${username} has a colon: nobody could sign in with it.`)
    else users.set(username, { name: username, hash, scopes })
  }
  return [...users.values()]
}

interface Placed {
  readonly user: WrittenUser
  readonly span: Span
}

function located(user: WrittenUser): Placed {
  return { user, span: user.password.span }
}

function usersIn(file: Located, build: Build): Placed[] {
  const path = fileBeside(file)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    build.error(file.span, 'missing-file', `The users file ${file.text} cannot be read: ${code}.`)
    return []
  }
  const diagnostics = new Diagnostics()
  const root = readYaml(new Source(path, text), diagnostics)
  for (const { span, code, message, hint } of diagnostics.all()) build.error(span, code, message, hint)
  if (!root) return []
  const list = root.kind === 'list' ? root : yamlValue(root, 'users')
  if (list?.kind === 'list') return list.items.flatMap(item => userOf(item, build))
  build.error(root.span, 'bad-value', 'A users file has a list `users`.')
  return []
}

const NAMES = ['username', 'password', 'scopes']

function userOf(item: YamlNode, build: Build): Placed[] {
  if (item.kind !== 'map') {
    build.error(item.span, 'bad-value', 'A user is a map with username and password.')
    return []
  }
  for (const { key, keySpan } of item.entries)
    if (!NAMES.includes(key))
      build.error(keySpan, 'unknown-option', `A user has no option ${key}.`, didYouMean(key, NAMES))
  const [username, password, scopes] = NAMES.map(name => yamlValue(item, name))
  if (username?.kind !== 'scalar' || username.text === '' || password?.kind !== 'scalar') {
    build.error(item.span, 'missing', 'A user needs username and password.')
    return []
  }
  const given = scopes?.kind === 'list' ? scopes.items : scopes ? [scopes] : []
  const words = given.flatMap(each => (each.kind === 'scalar' ? each.text.split(/[\s,]+/) : []))
  return [
    {
      user: {
        username: username.text,
        password: { text: password.text, span: password.span },
        scopes: words.filter(word => word !== ''),
      },
      span: item.span,
    },
  ]
}
