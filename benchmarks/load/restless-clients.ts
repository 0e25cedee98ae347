import { WebSocket } from 'ws'

/** What WebSocket clients saw that connect to one of several gateways, and to another one when it goes. */
export interface Talked {
  readonly sent: number
  readonly answered: number
  /** Sent again, since the gateway closed before the answer had come. */
  readonly sentAgain: number
  /** Never answered. */
  readonly lost: number
  /** How often a gateway took leave with 1012 (service restart). */
  readonly restarts: number
  /** How often a connection ended in any other way. */
  readonly otherEnds: number
  /** Upgrades that were refused, or had nobody to take them. */
  readonly turnedAway: number
}

/** WebSocket clients that say so many messages a second together, and want an answer to each. */
export class RestlessClients {
  readonly #counts = { sent: 0, answered: 0, sentAgain: 0, restarts: 0, otherEnds: 0, turnedAway: 0 }
  readonly #clients: RestlessClient[]
  readonly #timer: NodeJS.Timeout

  /** `rate` is messages per second, of all of them. */
  constructor(urls: readonly string[], clients: number, rate: number) {
    this.#clients = Array.from({ length: clients }, (_, i) => new RestlessClient(urls, i, this.#counts))
    const start = performance.now()
    this.#timer = setInterval(() => {
      const due = ((performance.now() - start) / 1000) * rate
      for (; this.#counts.sent < due; this.#counts.sent++)
        this.#clients[this.#counts.sent % clients]!.say(`message-${this.#counts.sent}`)
    }, 5)
  }

  /** Says nothing more, and waits for the last answers, for `limitMs` at most. */
  async end(limitMs: number): Promise<Talked> {
    clearInterval(this.#timer)
    const until = performance.now() + limitMs
    const open = (): number => this.#clients.reduce((sum, { unanswered }) => sum + unanswered, 0)
    while (open() > 0 && performance.now() < until) await new Promise(resolve => setTimeout(resolve, 20))
    const lost = open()
    const counts = { ...this.#counts }
    for (const client of this.#clients) client.leave()
    return { ...counts, lost }
  }
}

const AGAIN_MS = 100

type Counts = { -readonly [name in keyof Omit<Talked, 'lost'>]: number }

class RestlessClient {
  readonly #urls: readonly string[]
  readonly #counts: Counts
  readonly #unanswered = new Set<string>()
  #at: number
  #webSocket: WebSocket | undefined
  #isLeaving = false

  constructor(urls: readonly string[], at: number, counts: Counts) {
    this.#urls = urls
    this.#at = at
    this.#counts = counts
    this.#connect()
  }

  get unanswered(): number {
    return this.#unanswered.size
  }

  say(text: string): void {
    this.#unanswered.add(text)
    if (this.#webSocket?.readyState === WebSocket.OPEN) this.#webSocket.send(text)
  }

  leave(): void {
    this.#isLeaving = true
    this.#webSocket?.on('error', () => {}).terminate()
  }

  #connect(): void {
    const webSocket = new WebSocket(this.#urls[this.#at++ % this.#urls.length]!, { perMessageDeflate: false })
    let isOpen = false
    webSocket.on('open', () => {
      isOpen = true
      // What was said while there was no connection, and what has no answer.
      for (const text of this.#unanswered) webSocket.send(text)
    })
    webSocket.on('message', data => {
      if (this.#unanswered.delete(String(data))) this.#counts.answered++
    })
    webSocket.on('error', () => {})
    webSocket.on('close', code => {
      if (this.#isLeaving) return
      if (!isOpen) this.#counts.turnedAway++
      else if (code === 1012) this.#counts.restarts++
      else this.#counts.otherEnds++
      if (isOpen) this.#counts.sentAgain += this.#unanswered.size
      setTimeout(() => this.#connect(), isOpen ? 0 : AGAIN_MS)
    })
    this.#webSocket = webSocket
  }
}
