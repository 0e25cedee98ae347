import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { type RequestOptions, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from 'selfsigned'

/** A certificate with its private key, both PEM. */
export interface Identity {
  readonly cert: string
  readonly key: string
}

/** Makes a certificate for host names, signed by an authority; without one it is an authority itself. */
export async function makeIdentity(names: readonly string[], authority?: Identity): Promise<Identity> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: names[0] ?? 'test' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ...(authority && { ca: authority }),
    extensions: [
      { name: 'basicConstraints', cA: authority === undefined, critical: true },
      { name: 'subjectAltName', altNames: names.map(value => ({ type: 2 as const, value })) },
    ],
  })
  return { cert, key }
}

/** A folder for files of a test. Going out of scope deletes it. */
export class TestFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'myelin-test-'))

  /** Writes a file and gives its path. */
  write(name: string, content: string | Buffer): string {
    const path = join(this.path, name)
    writeFileSync(path, content)
    return path
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true })
  }
}

/** An authority with what it has signed, and one nobody knows; in files for a gateway, too. */
export interface TestAuthority extends Disposable {
  readonly folder: TestFolder
  readonly authority: Identity
  /** For `localhost`. */
  readonly server: Identity
  readonly someone: Identity
  /** Signed by itself. */
  readonly stranger: Identity
  readonly serverStore: string
  readonly trustStore: string
  /** The store of `someone`. */
  readonly clientStore: string
}

/** Makes an authority. Going out of scope deletes its files. */
export async function testAuthority(): Promise<TestAuthority> {
  const folder = new TestFolder()
  const authority = await makeIdentity(['Test Authority'])
  const server = await makeIdentity(['localhost'], authority)
  const someone = await makeIdentity(['someone'], authority)
  return {
    folder,
    authority,
    server,
    someone,
    stranger: await makeIdentity(['stranger']),
    serverStore: folder.write('server.pem', server.cert + server.key),
    trustStore: folder.write('trust.pem', authority.cert),
    clientStore: folder.write('client.pem', someone.cert + someone.key),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  }
}

/** Gets a URL over TLS, on a connection of its own: the status, or `refused`. */
export async function statusOver(url: string, options: RequestOptions): Promise<number | 'refused'> {
  const outgoing = request(url, { agent: false, ...options }).end()
  try {
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
    response.resume()
    return response.statusCode ?? 0
  } catch {
    return 'refused'
  }
}
