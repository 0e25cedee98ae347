import type { Auth, Collection, ConnectionItem, Expectation, Param } from './collection.ts'
import type { Problem } from './problems.ts'
import { unknownIn, type Variables } from './variables.ts'

/** Headers whose values are credentials, whatever is in them. */
const CREDENTIALS = /^(?:authorization|cookie|proxy-authorization|x-api-key|x-auth-token)$/i

/** A field of a connection whose templates are filled in. */
interface Templated {
  readonly part: string
  /** What it is, as sentences name it. */
  readonly where: string
  readonly text: string
  /** Without a value for all of it the connection is not opened. */
  readonly isCredential?: boolean
}

/** How sentences name a connection, which may lack a name. */
export function ownerOf({ name }: ConnectionItem): string {
  return name.trim() === '' ? 'this connection' : `connection ${name}`
}

/**
 * Finds the variables without a value in what a connection is opened with, and in what is expected of it.
 * @param auth who asks, inherited or not
 */
export function unknownVariables(
  collection: Collection,
  connection: ConnectionItem,
  auth: Auth,
  variables: Variables,
): Problem[] {
  const owner = ownerOf(connection)
  const fields: Templated[] = [
    { part: 'url', where: `the URL of ${connection.name.trim() || owner}`, text: connection.url },
    ...headerTexts(collection, connection, owner, auth, variables),
    ...enabled(connection.subprotocols).map(({ name }) => ({
      part: 'subprotocols',
      where: `a subprotocol of ${owner}`,
      text: name,
    })),
    { part: 'secureSocket', where: `secureSocket of ${owner}`, text: connection.trusts ?? '' },
  ]
  return [
    ...fields.flatMap(field => problemsIn(field, variables)),
    ...unknownExpected(connection.expect, owner, variables),
    ...(connection.messages ?? []).flatMap(message =>
      unknownExpected(message.expect, `message ${message.name}`, variables).map(each => ({
        ...each,
        message,
      })),
    ),
  ]
}

/** Makes the finding that a variable has no value. */
export function unknownVariable(part: string, variable: string, where: string, use = 'sent'): Problem {
  return {
    part,
    variable,
    severity: 'warning',
    code: 'unknown-variable',
    text: `Nothing gives variable ${variable} of ${where} a value; it is ${use} as it is written.`,
  }
}

function problemsIn({ part, where, text, isCredential }: Templated, variables: Variables): Problem[] {
  return unknownIn(variables.fill(text)).map(variable =>
    isCredential || variables.isSecret(variable)
      ? {
          part,
          variable,
          severity: 'warning',
          code: 'unknown-variable',
          text: `Nothing gives variable ${variable} of ${where} a value; without it the connection is not opened.`,
          hint: sourceHint(variable, variables),
          keepsFromOpening: true,
        }
      : unknownVariable(part, variable, where, part === 'secureSocket' ? 'taken' : 'sent'),
  )
}

function sourceHint(variable: string, variables: Variables): string {
  const source = variables.lackingSource(variable)
  return source === undefined
    ? 'Give it a value in variables or an environment of the collection, or with --variable.'
    : `Set ${source} in the environment of the process, or give a value with --variable.`
}

/** What is overridden is not sent: a header of the connection goes before one of the collection, both before `auth`. */
function headerTexts(
  collection: Collection,
  connection: ConnectionItem,
  owner: string,
  auth: Auth,
  variables: Variables,
): Templated[] {
  const nameOf = ({ name }: Param): string => variables.fill(name).toLowerCase()
  const own = enabled(connection.headers)
  const shared = enabled(collection.headers).filter(each => !own.some(one => nameOf(one) === nameOf(each)))
  const textsOf = (part: string, param: Param): Templated[] => [
    { part, where: `the name of a header of ${owner}`, text: param.name },
    {
      part,
      where: `header ${param.name} of ${owner}`,
      text: param.value,
      isCredential: CREDENTIALS.test(nameOf(param)),
    },
  ]
  const isOverridden = [...own, ...shared].some(each => nameOf(each) === 'authorization')
  return [
    ...authTexts(auth, isOverridden).map(([what, text]) => ({
      part: 'auth',
      where: `${what} of ${owner}`,
      text,
      isCredential: true,
    })),
    ...own.flatMap(param => textsOf('headers', param)),
    // What the collection has for all stands elsewhere.
    ...shared.flatMap(param => textsOf('', param)),
  ]
}

function authTexts(auth: Auth, isOverridden: boolean): (readonly [what: string, text: string])[] {
  if (auth.kind === 'certificate')
    return [
      ['the file of clientCertificate', auth.file],
      ['the keyFile of clientCertificate', auth.keyFile ?? ''],
      ['the password of clientCertificate', auth.password ?? ''],
    ]
  if (isOverridden) return []
  if (auth.kind === 'bearer') return [['the token of bearer', auth.token]]
  if (auth.kind !== 'basic') return []
  return [
    ['the user name of basic', auth.userName],
    ['the password of basic', auth.password],
  ]
}

function unknownExpected(
  expectations: readonly Expectation[],
  owner: string,
  variables: Variables,
): Problem[] {
  const texts = expectations.flatMap(({ equals, equalsFile, contains, reason, json, jsonPath }) =>
    textsIn([equals, equalsFile, contains, reason, json?.value, jsonPath?.map(([, value]) => value)]),
  )
  return texts
    .flatMap(text => unknownIn(variables.fill(text)))
    .map(variable => unknownVariable('expect', variable, `what ${owner} expects`, 'compared'))
}

/** All texts in what was read out of JSON or YAML. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(textsIn)
}

function enabled(params: readonly Param[] = []): readonly Param[] {
  return params.filter(({ isEnabled }) => isEnabled)
}
