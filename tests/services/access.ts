import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hashPassword } from '../../src/core/access/password-hash.ts'
import { type ConnectOptions, connect, refusal } from '../support/clients.ts'
import { startService } from './serve.ts'

/** A secret that is long enough. */
export const SECRET = 'a secret of tests that is long enough'

/** Claims of somebody whose token is good for an hour, with others in their place. */
export function claims(others: Record<string, unknown> = {}): Record<string, unknown> {
  return { sub: 'ana', exp: inSeconds(3600), ...others }
}

/** A moment as tokens have it. */
export function inSeconds(seconds: number): number {
  return Date.now() / 1000 + seconds
}

/** Makes a token by its parts. */
export function tokenOf(
  header: Record<string, unknown>,
  body: unknown,
  signed: (input: string) => Buffer,
): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const input = `${part(header)}.${part(body)}`
  return `${input}.${signed(input).toString('base64url')}`
}

/** Makes a token that is signed with a secret. */
export function secretToken(
  body: unknown = claims(),
  secret: string | Buffer = SECRET,
  alg = 'HS256',
): string {
  return tokenOf({ alg, typ: 'JWT' }, body, input =>
    createHmac(`sha${alg.slice(2)}`, secret)
      .update(input)
      .digest(),
  )
}

const ecdsa = { dsaEncoding: 'ieee-p1363' } as const
const pss = { padding: 6, saltLength: -1 }

/** Makes a token that is signed with a private key. */
export function keyToken(
  key: KeyObject,
  { alg = 'RS256', kid }: { readonly alg?: string; readonly kid?: string } = {},
  body: unknown = claims(),
): string {
  const digest = alg === 'EdDSA' ? null : `sha${alg.slice(2)}`
  const how = alg.startsWith('ES') ? ecdsa : alg.startsWith('PS') ? pss : {}
  return tokenOf({ alg, kid }, body, input => sign(digest, Buffer.from(input), { key, ...how }))
}

/** A pair of keys, made once: that takes long. */
export const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const other = generateKeyPairSync('rsa', { modulusLength: 2048 })

/** Hashes of passwords, cheap ones. */
export function cheapHash(password: string): Promise<string> {
  return hashPassword(password, { ln: 8, r: 8, p: 1 })
}

/** A server for keys and for questions about tokens. */
export class IdentityServer implements AsyncDisposable {
  readonly #server = createServer((request, response) => {
    this.asked++
    let body = ''
    request.on('data', chunk => {
      body += chunk
    })
    request.on('end', () => {
      this.forms.push(new URLSearchParams(body))
      this.requests.push(request)
      const answer = (): void => {
        response.writeHead(this.status, { 'Content-Type': 'application/json' })
        response.end(this.answerTo(new URLSearchParams(body).get('token') ?? ''))
      }
      if (this.held !== undefined) void this.held.then(answer)
      else answer()
    })
  })
  asked = 0
  status = 200
  /** Answers wait for it. */
  held: Promise<void> | undefined
  readonly forms: URLSearchParams[] = []
  readonly requests: IncomingMessage[] = []
  answerTo: (token: string) => string = () => '{}'

  static async start(): Promise<IdentityServer> {
    const made = new IdentityServer()
    made.#server.listen(0, '127.0.0.1')
    await once(made.#server, 'listening')
    return made
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Has these public keys, by their ids. */
  serveKeys(keys: Readonly<Record<string, KeyObject>>, more: readonly unknown[] = []): void {
    const all = Object.entries(keys).map(([kid, key]) => ({
      ...key.export({ format: 'jwk' }),
      kid,
      use: 'sig',
    }))
    this.answerTo = () => JSON.stringify({ keys: [...more, ...all] })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}

/** A service that says who asks, with these entries of `auth` as YAML. */
export function startGuarded(auth: string, more = ''): ReturnType<typeof startService> {
  return startService(
    'guarded.ts',
    `import { service } from 'myelin'
const auth = ${auth}
export default service({
  name: 'guarded',
  basePath: '/guarded',
  subProtocols: ['chat'],
  auth,
  onOpen: caller => JSON.stringify({ user: caller.user, scopes: caller.scopes, kept: caller.getAttribute('user') }),
  onMessage: (caller, data) => caller.user + ' ' + data,
  resources: { 'GET /who': request => ({ user: request.user, target: request.target }) },
  ${more}
})
`,
  )
}

/** Options with a token. */
export const bearer = (token: string): ConnectOptions => ({ headers: { Authorization: `Bearer ${token}` } })
/** Options with a password. */
export const basic = (user: string, password: string): ConnectOptions => ({
  headers: { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` },
})
/** Tokens of the secret. */
export const BY_SECRET = `jwtValidatorConfig: { signatureConfig: { secret: '${SECRET}' } }`

/** The status of a refusal. */
export async function statusOf(url: string, options: ConnectOptions = {}): Promise<number> {
  return (await refusal(url, options)).status
}

/** What a guarded service says first to somebody it lets in. */
export async function userOf(url: string, options: ConnectOptions = {}): Promise<unknown> {
  using client = await connect(url, options)
  return JSON.parse(await client.received.text())
}
