import type { SharedKeys } from '../core/cluster.ts'
import type { Arbiter } from './arbiter.ts'
import type { ClusterLink } from './shared-cluster.ts'
import type { Topics } from './topics.ts'
import { type FromWorker, MAX_ON_THE_WAY_BYTES, type Questions, type ToWorker } from './worker-messages.ts'

/** How long an answer may take. */
const ANSWER_MS = 3_000

interface Waiting {
  resolve(value: unknown): void
  readonly timer: NodeJS.Timeout
}

/** The other workers of a server, reached through the process that started them all. */
export class Workers implements ClusterLink {
  readonly arbiter: Arbiter
  readonly keys: SharedKeys
  readonly #nodeId: string
  readonly #topics: Topics
  readonly #waiting = new Map<number, Waiting>()
  readonly #take = (said: unknown): void => this.#told(said as ToWorker)
  #others: readonly string[] = []
  #lastId = 0
  #waitingBytes = 0

  constructor(nodeId: string, topics: Topics) {
    this.#nodeId = nodeId
    this.#topics = topics
    const ask = this.#ask.bind(this)
    this.arbiter = arbiterBy(ask)
    this.keys = keysBy(ask)
  }

  get others(): readonly string[] {
    return this.#others
  }

  /** Says that this worker is there, and takes what comes from then on. */
  async start(): Promise<void> {
    process.on('message', this.#take)
    this.#say({ kind: 'hello', nodeId: this.#nodeId })
  }

  async stop(): Promise<void> {
    this.#say({ kind: 'bye' })
    process.off('message', this.#take)
    this.#others = []
    for (const [id, { timer, resolve }] of this.#waiting) {
      clearTimeout(timer)
      this.#waiting.delete(id)
      resolve(Promise.reject(new Error('this process stops')))
    }
  }

  publish(topic: string, message: Buffer): boolean {
    return this.#others.length === 0 || this.#send(undefined, topic, message)
  }

  sendTo(nodeId: string, topic: string, message: Buffer): boolean {
    return this.#others.includes(nodeId) && this.#send(nodeId, topic, message)
  }

  #send(to: string | undefined, topic: string, message: Buffer): boolean {
    const { length } = message
    if (!process.connected || this.#waitingBytes + length > MAX_ON_THE_WAY_BYTES) return false
    this.#waitingBytes += length
    this.#say({ kind: 'send', to, topic, message }, () => {
      this.#waitingBytes -= length
    })
    return true
  }

  /** Who started this process may have gone; Node ends it then. */
  #say(message: FromWorker, sent: () => void = () => {}): void {
    if (process.connected) process.send!(message, sent)
  }

  #ask<Name extends keyof Questions>(name: Name, ...args: Questions[Name]): Promise<unknown> {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id)
        reject(new Error('the process that started this worker does not answer'))
      }, ANSWER_MS)
      this.#waiting.set(id, { resolve, timer })
      this.#say({ kind: 'ask', id, question: { name, args } } as FromWorker)
    })
  }

  #told(said: ToWorker): void {
    if (said.kind === 'others') {
      this.#others = said.others
    } else if (said.kind === 'message') {
      this.#topics.deliver(said.topic, asBuffer(said.message), said.from)
    } else if (said.kind === 'answer') {
      const waiting = this.#waiting.get(said.id)
      if (!waiting) return
      this.#waiting.delete(said.id)
      clearTimeout(waiting.timer)
      waiting.resolve(said.value)
    }
  }
}

type Ask = <Name extends keyof Questions>(name: Name, ...args: Questions[Name]) => Promise<unknown>

/** The answers come from our own code, by the questions: their types are as said there. */
function arbiterBy(ask: Ask): Arbiter {
  return {
    hold: async (...args) => (await ask('hold', ...args)) as boolean,
    release: async (...args) => void (await ask('release', ...args)),
    now: async () => (await ask('now')) as number,
    join: async (...args) => (await ask('join', ...args)) as Awaited<ReturnType<Arbiter['join']>>,
    claim: async (...args) => (await ask('claim', ...args)) as Awaited<ReturnType<Arbiter['claim']>>,
    keepOn: async (...args) => (await ask('keepOn', ...args)) as boolean,
    finish: async (...args) => void (await ask('finish', ...args)),
    leave: async (...args) => void (await ask('leave', ...args)),
  }
}

function keysBy(ask: Ask): SharedKeys {
  return {
    get isThere() {
      return process.connected
    },
    get: async key => {
      const value = (await ask('get', key)) as Uint8Array | undefined
      return value && asBuffer(value)
    },
    set: async (...args) => void (await ask('set', ...args)),
    delete: async key => void (await ask('delete', key)),
    count: async (...args) => (await ask('count', ...args)) as Awaited<ReturnType<SharedKeys['count']>>,
  }
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}
