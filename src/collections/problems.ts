import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Auth, ClientMessage, Collection, ConnectionItem } from './collection.ts'
import { ownerOf, unknownVariable, unknownVariables } from './unknown-variables.ts'
import { unknownIn, type Variables } from './variables.ts'

/** What a subprotocol is (RFC 6455, 4.1), or what the original sends in its place. */
const SUBPROTOCOL = /^(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|synapse\(.*\))$/

/** What keeps a connection from being opened, or a message from being sent. */
export interface Problem {
  /** The option of the connection that it is about. */
  readonly part: string
  readonly message?: ClientMessage
  readonly severity: 'error' | 'warning'
  readonly code: 'bad-value' | 'missing' | 'missing-file' | 'not-supported' | 'unknown-variable'
  readonly text: string
  readonly hint?: string
  /** The variable that nothing has a value for. */
  readonly variable?: string
  /** Whether it keeps the connection from being opened though it is a warning: a credential lacks a value. */
  readonly keepsFromOpening?: boolean
}

/**
 * Finds what is wrong with a connection when its templates are filled in.
 * @param folder what relative paths of files begin at
 */
export function problemsOf(
  collection: Collection,
  connection: ConnectionItem,
  variables: Variables,
  folder: string,
): Problem[] {
  const { url, httpVersion, messages = [] } = connection
  const owner = ownerOf(connection)
  const problems = unknownVariables(collection, connection, authOf(collection, connection), variables)
  const filled = variables.fill(url)
  const unknown = unknownIn(filled)
  // An address that is not even there was missed when it was read.
  const fault = unknown.length > 0 || !connection.spans.url ? undefined : urlFault(filled)
  if (fault !== undefined)
    problems.push({
      part: 'url',
      severity: 'error',
      code: url === '' ? 'missing' : 'bad-value',
      text: `${owner}: ${variables.masked(fault)}`,
      hint: 'Give an address such as ws://localhost:9091/websocket.',
    })
  if (httpVersion !== 1.1)
    problems.push({
      part: 'httpVersion',
      severity: 'error',
      code: 'not-supported',
      text: `${owner}: a WebSocket over HTTP/${httpVersion} is not supported.`,
      hint: 'Leave httpVersion out, or write 1.1.',
    })
  problems.push(...subprotocolProblems(connection, variables))
  problems.push(...authProblems(collection, connection, variables, folder))
  const trusts = variables.fill(connection.trusts ?? '')
  if (
    connection.trusts !== undefined &&
    unknownIn(trusts).length === 0 &&
    !existsSync(resolve(folder, trusts))
  )
    problems.push({
      part: 'secureSocket',
      severity: 'error',
      code: 'missing-file',
      text: `${owner}: there is no file ${trusts} for secureSocket.`,
      hint: 'Paths begin at the folder of the collection.',
    })
  for (const message of messages) problems.push(...messageProblems(message, variables, folder))
  for (const message of [undefined, ...messages])
    for (const { equalsFile } of (message ?? connection).expect) {
      const path = variables.fill(equalsFile ?? '')
      if (equalsFile === undefined || unknownIn(path).length > 0 || existsSync(resolve(folder, path)))
        continue
      const text = `${message ? `message ${message.name}` : owner}: there is no file ${path} to compare with.`
      problems.push({
        part: 'expect',
        ...(message && { message }),
        severity: 'warning',
        code: 'missing-file',
        text,
      })
    }
  return problems
}

function urlFault(filled: string): string | undefined {
  if (filled.trim() === '') return 'the URL is blank.'
  const url = URL.parse(filled)
  if (!url) return `${filled} is no URL.`
  if (!/^(?:wss?|https?):$/.test(url.protocol)) return `${filled} is no ws:// or wss:// address.`
  return undefined
}

/** Gives who asks at a connection. */
export function authOf(collection: Collection, { auth }: ConnectionItem): Auth {
  return auth.kind === 'inherit' ? (collection.auth ?? { kind: 'none' }) : auth
}

function authProblems(
  collection: Collection,
  connection: ConnectionItem,
  variables: Variables,
  folder: string,
): Problem[] {
  const auth = authOf(collection, connection)
  const wrong = (code: Problem['code'], text: string, hint?: string): Problem => ({
    part: 'auth',
    severity: 'error',
    code,
    text: `${ownerOf(connection)}: ${text}`,
    ...(hint !== undefined && { hint }),
  })
  switch (auth.kind) {
    case 'basic':
      return [
        ...(variables.fill(auth.userName) === ''
          ? [wrong('missing', 'the user name of basic is blank.')]
          : []),
        ...(variables.fill(auth.password) === ''
          ? [wrong('missing', 'the password of basic is blank.')]
          : []),
      ]
    case 'bearer':
      return variables.fill(auth.token) === '' ? [wrong('missing', 'the token of bearer is blank.')] : []
    case 'windows':
      return [
        wrong(
          'not-supported',
          'Windows authentication (NTLM, Kerberos) is not supported.',
          'Use basic, bearer or clientCertificate.',
        ),
      ]
    case 'certificate': {
      const what = auth.format === 'pem' ? 'PEM' : 'PKCS#12'
      const file = variables.fill(auth.file)
      if (file === '') return [wrong('missing', `the ${what} file of clientCertificate is blank.`)]
      const files = [file, ...(auth.keyFile === undefined ? [] : [variables.fill(auth.keyFile)])]
      return files
        .filter(each => unknownIn(each).length === 0 && !existsSync(resolve(folder, each)))
        .map(each => wrong('missing-file', `there is no file ${each} for clientCertificate.`))
    }
    default:
      return []
  }
}

function subprotocolProblems(connection: ConnectionItem, variables: Variables): Problem[] {
  return (connection.subprotocols ?? [])
    .filter(({ isEnabled }) => isEnabled)
    .map(({ name }) => variables.fill(name))
    .filter(name => unknownIn(name).length === 0 && !SUBPROTOCOL.test(name))
    .map(name => ({
      part: 'subprotocols',
      severity: 'warning',
      code: 'bad-value',
      text: `${ownerOf(connection)}: ${JSON.stringify(variables.masked(name))} is no subprotocol; servers may refuse it.`,
      hint: "Write one word of letters, digits and !#$%&'*+-.^_`|~, such as chat.v2; each subprotocol is an item of the list.",
    }))
}

function messageProblems(message: ClientMessage, variables: Variables, folder: string): Problem[] {
  const { name, content, file } = message
  const about = { part: 'messages', message }
  const problems: Problem[] = []
  const filled = variables.fill(file ?? content)
  for (const variable of unknownIn(filled))
    problems.push({ ...unknownVariable('messages', variable, `message ${name}`), message })
  if (file !== undefined && unknownIn(filled).length === 0) {
    if (filled === '')
      problems.push({
        ...about,
        severity: 'error',
        code: 'missing',
        text: `message ${name}: its file is blank.`,
      })
    else if (!existsSync(resolve(folder, filled)))
      problems.push({
        ...about,
        severity: 'error',
        code: 'missing-file',
        text: `message ${name}: there is no file ${variables.masked(filled)}.`,
        hint: 'Paths begin at the folder of the collection.',
      })
  }
  return problems
}
