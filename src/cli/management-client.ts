import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import { type RunEntry, runningGateways, TOKEN_VARIABLE } from '../management/run-folder.ts'

/** Options that all commands have which ask a running gateway. */
export interface TargetOptions {
  readonly url?: string
  readonly token?: string
  /** A file with certificates that of the gateway must be signed by. */
  readonly ca?: string
  readonly insecure?: boolean
  readonly json?: boolean
}

/** Says that there is no gateway to ask. */
export class NobodyThere extends Error {}

/** A management API to talk to. */
export class ManagementClient {
  readonly url: string
  /** Its process, or the one that started it with other workers, where it is one of this machine and user. */
  readonly pid: number | undefined
  readonly #token: string
  readonly #options: object

  constructor(
    { url, token, pid, server = pid, certificate }: Partial<RunEntry> & Pick<RunEntry, 'url' | 'token'>,
    { ca, insecure = false }: TargetOptions = {},
  ) {
    this.url = url.replace(/\/+$/, '')
    this.pid = server
    this.#token = token
    // What the gateway left in a folder that nobody else can write to is proof enough of who it is.
    const pinned = { ca: certificate, allowPartialTrustChain: true, checkServerIdentity: () => undefined }
    this.#options = {
      ...(certificate && ca === undefined && pinned),
      ...(ca !== undefined && { ca: readFileSync(ca) }),
      ...(insecure && { rejectUnauthorized: false }),
    }
  }

  /** Asks for a resource and gives what it answers. @throws Error with the reason where it refuses */
  async ask<T>(method: 'GET' | 'POST' | 'PATCH', path: string, body?: object): Promise<T> {
    const response = await this.#send(method, path, body)
    let text = ''
    for await (const chunk of response.setEncoding('utf8')) text += chunk
    return (text === '' ? undefined : JSON.parse(text)) as T
  }

  /** Asks for a resource that answers with a line of JSON for each thing that happens. */
  async *follow<T>(method: 'GET' | 'POST', path: string): AsyncGenerator<T, void, void> {
    const response = await this.#send(method, path)
    for await (const line of createInterface({ input: response }))
      if (line !== '') yield JSON.parse(line) as T
  }

  async #send(method: string, path: string, body?: object): Promise<IncomingMessage> {
    const { request } = this.url.startsWith('https:') ? await import('node:https') : await import('node:http')
    const text = body === undefined ? '' : JSON.stringify(body)
    const asking = request(`${this.url}/management${path}`, {
      method,
      ...this.#options,
      agent: false,
      headers: {
        Authorization: `Bearer ${this.#token}`,
        ...(body && { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }),
      },
    })
    asking.end(text)
    let response: IncomingMessage
    try {
      ;[response] = (await once(asking, 'response')) as [IncomingMessage]
    } catch (error) {
      throw new NobodyThere(unreachable(this.url, error as NodeJS.ErrnoException))
    }
    const { statusCode = 0 } = response
    if (statusCode < 400) return response
    let reason = ''
    for await (const chunk of response.setEncoding('utf8')) reason += chunk
    throw new Error(refusal(statusCode, reason, this.url))
  }
}

/**
 * Finds the gateway that is meant: the one at `--url`, else the only one of this user on this machine; any of its
 * workers tells of all. @throws NobodyThere where there is none, or several
 */
export function clientFor(options: TargetOptions): ManagementClient {
  const { url, token } = options
  const shown = token ?? (process.env[TOKEN_VARIABLE] || undefined)
  const running = runningGateways()
  if (url !== undefined) {
    const wanted = url.replace(/\/+$/, '').replace(/\/management$/, '')
    const entry = running.find(each => each.url === wanted)
    const known = shown ?? entry?.token
    if (known === undefined)
      throw new NobodyThere(
        `no gateway of this user is at ${wanted}; show a token with --token or ${TOKEN_VARIABLE}`,
      )
    return new ManagementClient({ ...entry, url: wanted, token: known }, options)
  }
  const servers = new Map(running.map(entry => [entry.server ?? entry.pid, entry]))
  const [entry] = servers.values()
  if (entry && servers.size === 1)
    return new ManagementClient({ ...entry, token: shown ?? entry.token }, options)
  if (servers.size === 0 && shown !== undefined)
    return new ManagementClient({ url: DEFAULT_URL, token: shown }, options)
  if (servers.size === 0)
    throw new NobodyThere('no gateway of this user runs on this machine; name one with --url')
  const list = running.map(entry => `  ${entry.url}  ${entry.node}  ${entry.paths.join(' ')}`)
  throw new NobodyThere(
    `several gateways run on this machine; name one of them with --url:\n${list.join('\n')}`,
  )
}

const DEFAULT_URL = 'http://localhost:9164'

function unreachable(url: string, { code, message }: NodeJS.ErrnoException): string {
  if (code === 'ECONNREFUSED') return `nothing listens at ${url}`
  if (code !== undefined && /CERT|SIGN/.test(code))
    return `the certificate of ${url} is not trusted: ${message.split(';', 1)[0]}; --ca names a file with the authority that signed it, --insecure accepts any`
  return `${url} cannot be reached: ${message || code}`
}

function refusal(status: number, text: string, url: string): string {
  if (status === 401) return `${url} refuses the token`
  if (status === 403) return 'only administrators may do that'
  try {
    return (JSON.parse(text) as { Error: string }).Error
  } catch {
    return status === 404 ? 'there is none of that name' : `${url} answered ${status}`
  }
}
