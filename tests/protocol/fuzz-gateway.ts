// A gateway that runs, fed from both sides with streams that something happened to, and a neighbour who notices.
import { Gateway } from '../../src/gateway.ts'
import { Diagnostics } from '../../src/language/diagnostic.ts'
import { Source } from '../../src/language/source.ts'
import { readSettings } from '../../src/settings.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { cutUp, makeStream, mutate, type Random } from './fuzz-streams.ts'
import { TEXT } from './raw-frames.ts'
import { type RawPeer, type RawServer, rawClient, startRawServer, within } from './raw-peer.ts'

/** Logs errors alone: a million frames make many lines. */
class ErrorLog extends RecordingLogger {}

const COMPRESSING = '<parameter name="ws.compression">true</parameter>'

function configuration(backend: string): string {
  const inbound = (name: string, sequence: string): string => `
    <inboundEndpoint name="${name}" protocol="ws" sequence="${sequence}" suspend="false"><parameters>
      <parameter name="inbound.ws.port">0</parameter>
      <parameter name="ws.outflow.dispatch.sequence">back</parameter>${COMPRESSING}
    </parameters></inboundEndpoint>`
  return `<definitions xmlns="http://ws.apache.org/ns/synapse">
    <sequence name="echo"><respond/></sequence><sequence name="back"><respond/></sequence>
    <sequence name="there"><property name="OUT_ONLY" value="true"/><send><endpoint>
      <address uri="${backend}"><compression xmlns="urn:myelin"/></address></endpoint></send></sequence>
    <sequence name="fault"/>
    ${inbound('echo', 'echo')}${inbound('relay', 'there')}
  </definitions>`
}

/** The gateway, its backend, and the neighbour. */
export class FuzzedGateway implements AsyncDisposable {
  readonly #gateway: Gateway
  readonly #backend: RawServer
  readonly #log: ErrorLog
  readonly #arrived: RawPeer[] = []
  readonly #wanting: ((peer: RawPeer) => void)[]
  #neighbour: RawPeer | undefined
  #isOver = false
  #asked = 0
  #talking: Promise<void> = Promise.resolve()

  constructor(gateway: Gateway, backend: RawServer, log: ErrorLog, wanting: ((peer: RawPeer) => void)[]) {
    this.#gateway = gateway
    this.#backend = backend
    this.#log = log
    this.#wanting = wanting
  }

  /** Messages the neighbour got back. */
  get answered(): number {
    return this.#asked
  }

  /** What was logged as an error. */
  get errors(): string[] {
    return this.#log.lines
      .filter(({ level }) => level === 'error' || level === 'fatal')
      .map(({ text }) => text)
  }

  /** Starts the neighbour, who sends and gets back without end. */
  async start(): Promise<void> {
    await this.#gateway.start()
    this.#neighbour = await rawClient(this.#url('echo'))
    this.#talking = this.#talk(this.#neighbour)
  }

  /** Feeds the gateway as a client, or as a backend; gives how many frames. */
  async feed(random: Random): Promise<number> {
    return random.oneIn(2) ? await this.#asClient(random) : await this.#asBackend(random)
  }

  /** Ends the neighbour, and says what is left when all others have gone. */
  async finish(): Promise<{ inFlight: number }> {
    this.#isOver = true
    await this.#talking
    await this.#neighbour?.close()
    const inFlight = (): number =>
      [...this.#gateway.counters.values()].reduce((sum, counters) => sum + counters.inFlight, 0)
    for (let i = 0; i < 200 && inFlight() > 0; i++) await new Promise(resolve => setTimeout(resolve, 25))
    return { inFlight: inFlight() }
  }

  /** Lets go of the lines logged so far, so that they do not count as memory kept. */
  forget(): void {
    const errors = this.#log.lines.filter(({ level }) => level === 'error' || level === 'fatal')
    this.#log.lines.splice(0, this.#log.lines.length, ...errors)
    this.#arrived.length = 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#gateway.stop(0)
    await this.#backend[Symbol.asyncDispose]()
  }

  async #asClient(random: Random): Promise<number> {
    const isDeflating = random.oneIn(2)
    const peer = await rawClient(
      this.#url('echo'),
      isDeflating ? { 'Sec-WebSocket-Extensions': 'permessage-deflate' } : {},
    )
    return await this.#send(random, peer, isDeflating)
  }

  async #asBackend(random: Random): Promise<number> {
    const coming = new Promise<RawPeer>(resolve => this.#wanting.push(resolve))
    const client = await rawClient(this.#url('relay'))
    const peer = await within(coming, 'the connection to the backend')
    const isDeflating = peer.head?.headers.has('sec-websocket-extensions') === true
    const frames = await this.#send(random, peer, isDeflating)
    client.socket.end()
    await client.end()
    return frames
  }

  async #send(random: Random, peer: RawPeer, isDeflating: boolean): Promise<number> {
    const stream = makeStream(random, 20 + random.below(200), peer.isClient, isDeflating)
    const { bytes } = mutate(random, stream)
    const pieces = bytes.length > 20_000 ? [bytes] : cutUp(random, bytes)
    for (const piece of pieces) await peer.write(piece)
    if (random.oneIn(4)) peer.socket.resetAndDestroy()
    else peer.socket.end()
    await peer.end()
    return stream.frames.length
  }

  async #talk(peer: RawPeer): Promise<void> {
    while (!this.#isOver) {
      const text = `message ${this.#asked} ${'ü'.repeat(this.#asked % 300)}`
      const count = peer.frames.length
      await peer.send({ opcode: TEXT, payload: Buffer.from(text) })
      await peer.until(() => peer.frames.length > count, 'the answer to the neighbour')
      const got = peer.frames.pop()
      if (got?.payload.toString() !== text)
        throw new Error(`the neighbour sent ${text} and got ${got?.payload}`)
      this.#asked++
      await new Promise(resolve => setImmediate(resolve))
    }
  }

  #url(name: string): string {
    return this.#gateway.listening
      .find(({ what }) => what.endsWith(` ${name}`))!
      .url.replace('localhost', '127.0.0.1')
  }
}

/** Makes one that is not started. */
export async function fuzzedGateway(): Promise<FuzzedGateway> {
  const wanting: ((peer: RawPeer) => void)[] = []
  let isEven = false
  const backend = await startRawServer(
    peer => {
      const next = wanting.shift()
      if (next) next(peer)
      else peer.socket.destroy()
    },
    offered => {
      isEven = !isEven
      return offered !== undefined && isEven
        ? 'permessage-deflate; server_no_context_takeover; client_no_context_takeover'
        : undefined
    },
  )
  const toml = new Source(
    'deployment.toml',
    '"transport.http.listener.port" = 0\n"transport.ws.max_message_bytes" = 200000\n',
  )
  const diagnostics = new Diagnostics()
  const file = new Source('synapse.xml', configuration(backend.url))
  const loaded = { files: [file], settings: toml, problems: [], archives: [], places: [], skipped: [] }
  const log = new ErrorLog()
  const gateway = new Gateway({ loaded, settings: readSettings(toml, diagnostics), diagnostics }, log)
  const wrong = diagnostics.all().filter(({ severity }) => severity === 'error')
  if (wrong.length > 0) throw new Error(wrong.map(({ message }) => message).join('\n'))
  return new FuzzedGateway(gateway, backend, log, wanting)
}
