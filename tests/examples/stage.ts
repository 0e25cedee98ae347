import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { basename } from 'node:path'
import { expect, test } from 'vitest'
import { TestFolder } from '../support/certificates.ts'
import { Client, type ConnectOptions, refusal } from '../support/clients.ts'
import { startGateway } from '../support/gateway.ts'

/** What is put in place of what a test cannot have, such as a port that is taken. */
export type Change = (text: string) => string

/** What came to somebody over the wire, in order. */
export class Lines {
  readonly all: string[] = []
  #waiting: (() => void)[] = []

  add(line: string): void {
    this.all.push(line)
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /** Waits until there are so many. */
  async reach(count: number): Promise<void> {
    while (this.all.length < count) await new Promise<void>(resolve => this.#waiting.push(resolve))
  }
}

/** Who takes part in a play, and what came to each over the wire. */
export class Stage implements AsyncDisposable {
  readonly host: string
  /** Where a listener of its own is, if there is one. */
  readonly secure: string | undefined
  readonly #lines = new Map<string, Lines>()
  readonly #players: Player[] = []
  readonly #stop: () => Promise<void>

  constructor(urls: readonly string[], stop: () => Promise<void>) {
    const of = (scheme: string): string | undefined => urls.find(url => url.startsWith(scheme))
    this.host = new URL(of('ws:') ?? of('wss:')!).host
    this.secure = of('wss:')
    this.#stop = stop
  }

  /** What came to each, by name. */
  get transcript(): Readonly<Record<string, readonly string[]>> {
    return Object.fromEntries([...this.#lines].map(([name, { all }]) => [name, [...all]]))
  }

  /** What came to somebody; they need not be a client. */
  linesOf(name: string): Lines {
    const lines = this.#lines.get(name) ?? new Lines()
    this.#lines.set(name, lines)
    return lines
  }

  /** Connects a client. */
  async enter(name: string, path: string, options: ConnectOptions = {}): Promise<Player> {
    const url = options.ca ? new URL(path, this.secure).href : `ws://${this.host}${path}`
    const player = new Player(url, options, this.linesOf(name))
    this.#players.push(player)
    await once(player.client.webSocket, 'open')
    return player
  }

  /** Asks for an upgrade that is refused. */
  async refused(name: string, path: string, options: ConnectOptions = {}): Promise<void> {
    const { status, headers, body } = await refusal(`ws://${this.host}${path}`, options)
    this.linesOf(name).add(`< ${status} ${headers['content-type']} ${body}`)
  }

  /** Makes an HTTP request. */
  async asks(name: string, method: string, path: string, body?: string): Promise<void> {
    const headers = { 'Content-Type': 'application/json' }
    const response = await fetch(`http://${this.host}${path}`, {
      method,
      ...(body !== undefined && { body, headers }),
    })
    const type = response.headers.get('content-type')?.toLowerCase()
    this.linesOf(name).add(`< ${response.status} ${type} ${await response.text()}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const player of this.#players) player.client[Symbol.dispose]()
    await this.#stop()
  }
}

/** A client that takes down what comes over its connection: messages, control frames, the handshake and the end. */
export class Player {
  readonly client: Client
  readonly #lines: Lines

  constructor(url: string, options: ConnectOptions, lines: Lines) {
    this.#lines = lines
    this.client = new Client(url, options)
    const { webSocket } = this.client
    webSocket.on('upgrade', (response: IncomingMessage) => {
      const names = Object.keys(response.headers).filter(name => name !== 'date')
      lines.add(`< ${response.statusCode} ${names.sort().join(' ')}`)
    })
    webSocket.on('message', (data: Buffer, isBinary) => lines.add(frameLine('<', data, isBinary)))
    webSocket.on('ping', data => lines.add(`< ping ${data.toString('hex')}`))
    webSocket.on('pong', data => lines.add(`< pong ${data.toString('hex')}`))
    webSocket.on('close', (code, reason) => lines.add(`< close ${code} ${reason}`))
  }

  /** Says something, and waits until so many lines came after that. */
  async says(data: string | Buffer, answers = 1): Promise<void> {
    const count = this.#lines.all.length + answers
    this.client.send(data)
    await this.heard(count)
  }

  /** Waits until so many lines came in all, the handshake being the first. */
  heard(count: number): Promise<void> {
    return this.#lines.reach(count)
  }

  /** Waits for so many more lines. */
  hears(count: number): Promise<void> {
    return this.#lines.reach(this.#lines.all.length + count)
  }

  /** Closes, and waits for the end. */
  async leaves(code?: number, reason?: string): Promise<void> {
    await this.client.close(code, reason)
  }
}

/** Writes a message as a line. */
export function frameLine(sign: '<' | '>', data: Buffer, isBinary: boolean): string {
  return isBinary ? `${sign} binary ${data.toString('hex')}` : `${sign} text ${data}`
}

/** Starts the gateway with an example as it is, or with a copy that is changed. */
export async function stageOf(file: string, change?: Change): Promise<Stage> {
  const text = readFileSync(`examples/${file}`, 'utf8')
  using folder = new TestFolder()
  const path = change ? folder.write(basename(file), change(text)) : `examples/${file}`
  const running = await startGateway({ files: { [path]: change?.(text) ?? text } })
  const urls = running.gateway.listening.map(({ url }) => url)
  return new Stage(urls, () => running[Symbol.asyncDispose]())
}

/** What happens in front of a service, whatever notation it is written in. */
export type Play = (stage: Stage) => Promise<void>

/** The handshake of a server that compresses for clients that offer it. */
export const WELCOME = '< 101 connection sec-websocket-accept sec-websocket-extensions upgrade'

/** Plays the same in front of each form of an example: all give the same transcript, and that is the one expected. */
export function sameFor(
  files: readonly string[],
  play: Play,
  expected: Readonly<Record<string, readonly string[]>>,
  change?: Change,
): void {
  test(files.join(' and '), async () => {
    const transcripts: unknown[] = []
    for (const file of files) {
      await using stage = await stageOf(file, change)
      await play(stage)
      transcripts.push(stage.transcript)
    }
    const [first, ...others] = transcripts
    for (const other of others) expect(other).toEqual(first)
    expect(first).toEqual(expected)
  })
}
