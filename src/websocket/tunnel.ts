import { connect, isIP, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import type { ProxyOptions } from './options.ts'

/** The answer of a proxy to CONNECT is no longer than this. */
const MAX_ANSWER_BYTES = 16 * 1024

type Done = (error: Error | null, socket?: Duplex) => void

/** A connection to a server through an HTTP proxy, which is asked for it with CONNECT; `ws:` goes that way too (RFC 6455, 4.1). */
export class Tunnel {
  readonly #proxy: ProxyOptions
  readonly #isSecure: boolean
  #socket: Socket | undefined

  constructor(proxy: ProxyOptions, url: string) {
    this.#proxy = proxy
    this.#isSecure = /^(?:wss|https):/i.test(url)
  }

  /** Makes the connection, as an HTTP request wants it made. */
  readonly createConnection = (options: ConnectionOptions, done: Done): undefined => {
    const { host, port } = this.#proxy
    const socket = connect({ host, port })
    this.#socket = socket
    const fail = (what: string, cause?: Error): void => {
      socket.destroy()
      done(new ProxyError(`the proxy ${host}:${port} ${what}`, cause))
    }
    const onError = (error: Error): void => fail(`cannot be used: ${error.message || String(error)}`, error)
    const onEnd = (): void => fail('closed the connection before it answered')
    let answer = Buffer.alloc(0)
    const onData = (chunk: Buffer): void => {
      answer = Buffer.concat([answer, chunk])
      const end = answer.indexOf('\r\n\r\n')
      if (end < 0) {
        if (answer.length > MAX_ANSWER_BYTES) fail('answered CONNECT with more than it may')
        return
      }
      socket.off('data', onData).off('error', onError).off('end', onEnd).pause()
      const [, status] = /^HTTP\/1\.[01] (\d{3})/.exec(answer.toString('latin1', 0, end)) ?? []
      if (status === undefined) fail('answered CONNECT with something that is no HTTP')
      else if (!status.startsWith('2')) fail(`answered CONNECT with status ${status}`)
      else {
        if (answer.length > end + 4) socket.unshift(answer.subarray(end + 4))
        this.#hand(options, socket, done)
      }
    }
    socket.on('data', onData).on('error', onError).on('end', onEnd)
    socket.write(this.#request(options))
  }

  /** Gives up, wherever it is. */
  abort(): void {
    this.#socket?.destroy()
  }

  #request({ host = '', port = 0 }: ConnectionOptions): string {
    const { userName, password = '' } = this.#proxy
    const target = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`
    const lines = [`CONNECT ${target} HTTP/1.1`, `Host: ${target}`]
    if (userName !== undefined) {
      const credentials = Buffer.from(`${userName}:${password}`).toString('base64')
      lines.push(`Proxy-Authorization: Basic ${credentials}`)
    }
    return `${lines.join('\r\n')}\r\n\r\n`
  }

  #hand(options: ConnectionOptions, socket: Socket, done: Done): void {
    if (!this.#isSecure) {
      done(null, socket)
      // Whoever got it listens from the next tick on.
      process.nextTick(() => socket.resume())
      return
    }
    const { host = '', servername = isIP(host) ? '' : host } = options
    done(null, connectTls({ ...options, path: undefined, servername, socket }))
  }
}

/** A proxy that does not do what it is for. Its code says which errors of the network it is like. */
class ProxyError extends Error {
  readonly code = 'EPROXY'

  constructor(message: string, cause: Error | undefined) {
    super(message, { cause })
    this.name = 'ProxyError'
  }
}
