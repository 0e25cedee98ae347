import { Agent, request } from 'node:http'

/** What callers saw who ask one of several gateways after the other. */
export interface Called {
  readonly asked: number
  readonly answered: number
  /** Refused before anything was taken in, and asked again elsewhere: 503, or no connection. */
  readonly turnedAway: number
  /** Sent on a connection that the gateway closed before any answer, and asked again elsewhere. */
  readonly onClosed: number
  /** Broken off within the answer. */
  readonly aborted: number
  /** Answered with a failure, or with the answer to another question. */
  readonly wrong: number
  /** What the last three were. */
  readonly notes: readonly string[]
}

/** HTTP callers that ask so many questions a second, of one gateway after the other. */
export class RestlessCallers {
  readonly #urls: readonly string[]
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 100 })
  readonly #counts = { asked: 0, answered: 0, turnedAway: 0, onClosed: 0, aborted: 0, wrong: 0 }
  readonly #notes: string[] = []
  readonly #underWay = new Set<Promise<void>>()
  readonly #timer: NodeJS.Timeout

  /** `rate` is questions per second. */
  constructor(urls: readonly string[], rate: number) {
    this.#urls = urls
    const start = performance.now()
    this.#timer = setInterval(() => {
      const due = ((performance.now() - start) / 1000) * rate
      while (this.#counts.asked < due) this.#ask(this.#counts.asked++)
    }, 5)
  }

  /** Asks nothing more, and waits for the last answers. */
  async end(): Promise<Called> {
    clearInterval(this.#timer)
    await Promise.all(this.#underWay)
    this.#agent.destroy()
    return { ...this.#counts, notes: this.#notes }
  }

  #ask(id: number): void {
    const asking = this.#untilAnswered(id)
    this.#underWay.add(asking)
    void asking.then(() => this.#underWay.delete(asking))
  }

  async #untilAnswered(id: number): Promise<void> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const outcome = await this.#once(this.#urls[(id + attempt) % this.#urls.length]!, id)
      this.#counts[outcome]++
      if (outcome === 'answered' || outcome === 'wrong' || outcome === 'aborted') return
      if (attempt >= this.#urls.length) await new Promise(resolve => setTimeout(resolve, AGAIN_MS))
    }
    this.#counts.wrong++
  }

  #note(text: string): void {
    if (this.#notes.length < MAX_NOTES) this.#notes.push(text)
  }

  #once(url: string, id: number): Promise<keyof Omit<Called, 'asked' | 'notes'>> {
    const body = JSON.stringify({ id: `call-${id}` })
    return new Promise(resolve => {
      const headers = { 'Content-Type': 'application/json', 'Content-Length': body.length }
      const asking = request(url, { method: 'POST', agent: this.#agent, headers }, response => {
        let text = ''
        response.setEncoding('utf8').on('data', chunk => {
          text += chunk
        })
        response.on('end', () => {
          if (response.statusCode === 503) resolve('turnedAway')
          else if (response.statusCode === 200 && text === body) resolve('answered')
          else {
            this.#note(`answer ${response.statusCode} ${text.slice(0, MAX_NOTE)}`)
            resolve('wrong')
          }
        })
        response.on('error', error => {
          this.#note(`answer broken off: ${error.message}`)
          resolve('aborted')
        })
      })
      asking.on('error', (error: NodeJS.ErrnoException) => {
        // Without a connection nothing was sent.
        if (error.syscall === 'connect') resolve('turnedAway')
        else {
          this.#note(`${asking.reusedSocket ? 'kept' : 'new'} connection: ${error.message}`)
          resolve('onClosed')
        }
      })
      asking.end(body)
    })
  }
}

const MAX_NOTES = 50
const MAX_NOTE = 100
const MAX_ATTEMPTS = 50
const AGAIN_MS = 100
