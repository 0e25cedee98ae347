import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { ClientTlsOptions, DialOptions } from '../websocket/options.ts'
import { proxyOfEnvironment } from '../websocket/proxy-settings.ts'
import { type Retry, retryOf } from '../websocket/retry.ts'
import type { Auth, Collection, ConnectionItem, Param } from './collection.ts'
import { authOf, problemsOf } from './problems.ts'
import type { Variables } from './variables.ts'

/** Where a connection goes, and how. */
export interface DialPlan {
  readonly url: string
  readonly options: DialOptions
  /** How it is opened again; undefined for not at all. */
  readonly reconnect?: Retry | undefined
  /** Whether what it lacks has to be given in a collection, and not on a command line. */
  readonly isOfCollection?: boolean
}

/** How connections of a collection are opened, besides what it says itself. */
export interface PlanOptions {
  /** What relative paths of files begin at. */
  readonly folder: string
  readonly isInsecure?: boolean
  readonly readIdentity?: ReadIdentity | undefined
}

/** What a plan is for: `show` is never sent, so that credentials may lack values. */
export type PlanUse = 'connect' | 'show'

/** Reads a certificate and its private key out of files, of PKCS#12 or PEM. @throws Error with what is wrong with which */
export type ReadIdentity = (files: {
  readonly keyStore: string
  readonly keyFile: string | undefined
  readonly keyStorePassword: string | undefined
  readonly keyPassword: undefined
}) => Pick<ClientTlsOptions, 'cert' | 'key' | 'passphrase'>

const MAX_REFUSAL_BYTES = 64 * 1024
const CLOSE_TIMEOUT_MS = 2_000

/** Fills in a connection. @throws Error with the first thing that is wrong with it */
export function dialPlan(
  collection: Collection,
  connection: ConnectionItem,
  variables: Variables,
  { folder, isInsecure = false, readIdentity }: PlanOptions,
  use: PlanUse = 'connect',
): DialPlan {
  const problem = problemsOf(collection, connection, variables, folder).find(
    ({ severity, message, keepsFromOpening = false }) =>
      (severity === 'error' && !message) || (keepsFromOpening && use === 'connect'),
  )
  if (problem) throw new Error([problem.text.replace(/\.$/, ''), problem.hint].filter(Boolean).join('. '))
  const url = variables.fill(connection.url).trim().replace(/^http/i, 'ws')
  const auth = authOf(collection, connection)
  const tls = tlsOf(auth, variables, folder, readIdentity)
  const { compression, trusts } = connection
  const parsed = URL.parse(url)
  return {
    url,
    isOfCollection: true,
    ...(connection.reconnect && { reconnect: retryOf(connection.reconnect, 'reconnect') }),
    options: {
      headers: headersOf([collection.headers, connection.headers], auth, variables),
      subprotocols: enabled(connection.subprotocols).map(({ name }) => variables.fill(name)),
      ...(compression && {
        compression: {
          thresholdBytes: compression.thresholdBytes,
          keepsContext: compression.clientContextTakeover,
          windowBits: compression.clientMaxWindowBits,
          server: {
            keepsContext: compression.serverContextTakeover,
            windowBits: compression.serverMaxWindowBits,
          },
        },
      }),
      ...((tls || trusts !== undefined || isInsecure) && {
        tls: {
          ...tls,
          ...(trusts !== undefined && { ca: readFileSync(resolve(folder, variables.fill(trusts))) }),
          ...(isInsecure && { verify: false, verifyHostName: false }),
        },
      }),
      ...(parsed && { proxy: proxyOfEnvironment(parsed) }),
      maxRefusalBytes: MAX_REFUSAL_BYTES,
      closeTimeoutMs: CLOSE_TIMEOUT_MS,
    },
  }
}

function enabled(params: readonly Param[] = []): readonly Param[] {
  return params.filter(({ isEnabled }) => isEnabled)
}

/** A header of the connection takes the place of one of the collection, and both that of what `auth` makes. */
function headersOf(
  lists: readonly (readonly Param[] | undefined)[],
  auth: Auth,
  variables: Variables,
): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {}
  const authorization = authorizationOf(auth, variables)
  if (authorization !== undefined) {
    headers.authorization = authorization
    variables.hide(authorization)
  }
  for (const list of lists) {
    const own: Record<string, string[]> = {}
    for (const { name, value } of enabled(list)) {
      const key = variables.fill(name).toLowerCase()
      own[key] = [...(own[key] ?? []), variables.fill(value)]
    }
    for (const [name, values] of Object.entries(own))
      headers[name] = values.length === 1 ? values[0]! : values
  }
  return headers
}

function authorizationOf(auth: Auth, variables: Variables): string | undefined {
  if (auth.kind === 'bearer') return `Bearer ${variables.fill(auth.token)}`
  if (auth.kind !== 'basic') return undefined
  const credentials = `${variables.fill(auth.userName)}:${variables.fill(auth.password)}`
  return `Basic ${Buffer.from(credentials).toString('base64')}`
}

function tlsOf(
  auth: Auth,
  variables: Variables,
  folder: string,
  readIdentity: ReadIdentity | undefined,
): ClientTlsOptions | undefined {
  if (auth.kind !== 'certificate') return undefined
  const path = (file: string): string => resolve(folder, variables.fill(file))
  const { format, file, keyFile, password } = auth
  const passphrase = password === undefined ? undefined : variables.fill(password)
  if (readIdentity)
    return readIdentity({
      keyStore: path(file),
      keyFile: keyFile === undefined ? undefined : path(keyFile),
      keyStorePassword: passphrase,
      keyPassword: undefined,
    })
  if (format === 'pkcs12') return { pfx: readFileSync(path(file)), passphrase }
  return { cert: readFileSync(path(file)), key: readFileSync(path(keyFile ?? file)), passphrase }
}
