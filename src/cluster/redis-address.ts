import { RedisError } from './redis-error.ts'

/** Where a Redis is, and who one is there. */
export class RedisAddress {
  /** Host and port, without anything that is secret. */
  readonly place: string
  /** What the client library is given. */
  readonly options: {
    readonly host: string
    readonly port: number
    readonly username?: string
    readonly password?: string
    readonly db: number
    readonly tls?: { readonly servername?: string }
  }

  /** Reads `redis://user:password@host:port/database`, or `rediss://…` for TLS. @throws RedisError when it is none */
  constructor(url: string) {
    const parsed = URL.parse(url)
    // The text is not shown: it may hold a password.
    if (!parsed || !/^rediss?:$/.test(parsed.protocol) || parsed.hostname === '')
      throw new RedisError('refused', 'the address of Redis is none: redis://host:6379 would be right')
    const host = parsed.hostname.replace(/^\[|\]$/g, '')
    const port = Number(parsed.port) || 6379
    const database = parsed.pathname.replace(/^\//, '')
    if (!/^\d*$/.test(database))
      throw new RedisError('refused', `the database of a Redis is a number, and not ${database}`)
    this.place = `${parsed.hostname}:${port}`
    this.options = {
      host,
      port,
      db: Number(database),
      ...(parsed.username !== '' && { username: decoded(parsed.username) }),
      ...(parsed.password !== '' && { password: decoded(parsed.password) }),
      // A server name is a name: for an address there is none (RFC 6066, 3).
      ...(parsed.protocol === 'rediss:' && { tls: /^[\d.]+$|:/.test(host) ? {} : { servername: host } }),
    }
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // A percent sign that begins no code stands for itself.
    return text
  }
}
