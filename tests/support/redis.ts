import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from './programs.ts'

/** How a Redis for a test is started. */
export interface RedisOptions {
  /** Whether what it was told is still there after a stop, and after a kill: written to disk before each answer. */
  readonly isDurable?: boolean
  /** A password that clients must give. */
  readonly password?: string
  /** More arguments for the program. */
  readonly arguments?: readonly string[]
}

/** A real Redis on 127.0.0.1 that a test stops, kills, freezes and starts again, always on the same port. */
export class RedisServer implements AsyncDisposable {
  readonly port: number
  readonly url: string
  readonly #program: string
  readonly #options: RedisOptions
  readonly #folder = mkdtempSync(join(tmpdir(), 'redis-'))
  readonly #atExit = (): void => void this.#child?.kill('SIGKILL')
  #child: ChildProcess | undefined

  private constructor(program: string, port: number, options: RedisOptions) {
    this.#program = program
    this.port = port
    this.#options = options
    this.url = `redis://${options.password ? `:${encodeURIComponent(options.password)}@` : ''}127.0.0.1:${port}`
    process.on('exit', this.#atExit)
  }

  /** Starts one. @throws Error where the program redis-server is not installed */
  static async start(options: RedisOptions = {}): Promise<RedisServer> {
    const program = findProgram('redis-server')
    if (!program)
      throw new Error('The program redis-server is missing: install it (apt-get install redis-server).')
    for (let attempt = 1; ; attempt++) {
      const server = new RedisServer(program, await freePort(), options)
      try {
        await server.start()
        return server
      } catch (error) {
        await server[Symbol.asyncDispose]()
        // Another test may have been given the same port.
        if (attempt === 3) throw error
      }
    }
  }

  /** Starts it again after a stop: with what it held where it is durable, empty otherwise. */
  async start(): Promise<void> {
    if (this.#child) return
    const { isDurable, password } = this.#options
    const child = spawn(
      this.#program,
      [
        ...['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#folder, '--save', ''],
        ...(isDurable ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no']),
        ...(password ? ['--requirepass', password] : []),
        ...['--maxmemory-policy', 'noeviction'],
        ...(this.#options.arguments ?? []),
      ],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    )
    this.#child = child
    const isReady = await new Promise<boolean>(resolve => {
      let seen = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        seen = (seen + text).slice(-1_000)
        if (seen.includes('Ready to accept connections')) resolve(true)
      })
      child.once('exit', () => resolve(false))
    })
    if (isReady) {
      // A test that ends without having disposed of it is not held up by it; it ends with the process.
      child.unref()
      ;(child.stdout as Socket).unref()
      return
    }
    this.#child = undefined
    throw new Error(`redis-server did not start on port ${this.port}`)
  }

  /** Stops it in good order: connections are closed, and refused from then on. Ends with its process. */
  stop(): Promise<void> {
    return this.#stop('SIGTERM')
  }

  /** Kills it, as when its machine fails. */
  kill(): Promise<void> {
    return this.#stop('SIGKILL')
  }

  /** Stops it where it stands: connections stay, new ones are taken by the kernel, and nothing is answered. */
  freeze(): void {
    this.#child?.kill('SIGSTOP')
  }

  /** Lets it go on after a freeze. */
  thaw(): void {
    this.#child?.kill('SIGCONT')
  }

  /** Forgets everything it holds. */
  async flush(): Promise<void> {
    await this.command('FLUSHALL')
  }

  /** Runs one command by a connection of its own; gives the answer as it came, without the line end. */
  async command(...words: readonly string[]): Promise<string> {
    const { password } = this.#options
    const lines = [...(password ? [['AUTH', password]] : []), words, ['QUIT']]
    const socket = connect(this.port, '127.0.0.1')
    socket.end(lines.map(encode).join(''))
    let answer = ''
    for await (const part of socket.setEncoding('utf8')) answer += part
    const begin = password ? answer.indexOf('\r\n') + 2 : 0
    return answer.slice(begin, answer.lastIndexOf('\r\n+OK'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    process.off('exit', this.#atExit)
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child
    if (!child) return
    this.#child = undefined
    if (child.exitCode !== null || child.signalCode !== null) return
    child.ref()
    const gone = once(child, 'exit')
    child.kill(signal)
    // A frozen process sees nothing but SIGKILL until it goes on.
    child.kill('SIGCONT')
    await gone
  }
}

function encode(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map(word => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`
}

/**
 * Finds a port nobody listens on, below the range from which outgoing connections get theirs: one of them could take
 * the port while Redis is stopped.
 */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    const server = createServer()
    const isFree = await new Promise<boolean>(resolve => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
    })
    if (isFree) return port
  }
}
