import type { Logger } from '../core/logger.ts'
import { MemoryArbiter } from './memory-arbiter.ts'
import { MemoryKeys } from './memory-keys.ts'
import { type FromWorker, MAX_ON_THE_WAY_BYTES, type Question, type ToWorker } from './worker-messages.ts'

/** A worker, as the process that started it reaches it. */
export interface HubWorker {
  /** Sends it something; calls back when that has left, or never will. */
  send(message: ToWorker, sent: () => void): void
}

interface Member {
  readonly nodeId: string
  waitingBytes: number
}

/** What the workers of one server have in common, kept by the process that started them. */
export class WorkerHub {
  readonly #log: Logger
  readonly #members = new Map<HubWorker, Member>()
  readonly #arbiter = new MemoryArbiter()
  readonly #keys = new MemoryKeys()
  #isOverfull = false

  constructor(log: Logger) {
    this.#log = log
  }

  /** Takes what a worker says. */
  take(worker: HubWorker, said: FromWorker): void {
    if (said.kind === 'hello') {
      this.#members.set(worker, { nodeId: said.nodeId, waitingBytes: 0 })
      this.#tellOthers()
    } else if (said.kind === 'bye') {
      this.leave(worker)
    } else if (said.kind === 'ask') {
      const who = this.#members.get(worker)?.nodeId ?? ''
      this.#send(worker, { kind: 'answer', id: said.id, value: this.#answer(who, said.question) })
    } else if (said.kind === 'send') {
      this.#pass(worker, said.to, said.topic, said.message)
    }
  }

  /** Says that a worker has gone: others may take what it held. */
  leave(worker: HubWorker): void {
    const gone = this.#members.get(worker)
    if (!gone) return
    this.#members.delete(worker)
    this.#arbiter.bury(gone.nodeId)
    this.#tellOthers()
  }

  #answer(who: string, { name, args }: Question): unknown {
    const [arbiter, keys] = [this.#arbiter, this.#keys]
    switch (name) {
      case 'now':
        return Date.now()
      case 'hold':
        return arbiter.hold(who, ...args)
      case 'release':
        return arbiter.release(who, ...args)
      case 'join':
        return arbiter.join(who, ...args)
      case 'claim':
        return arbiter.claim(who, ...args)
      case 'keepOn':
        return arbiter.keepOn(who, ...args)
      case 'finish':
        return arbiter.finish(who, ...args)
      case 'leave':
        return arbiter.leave(who, ...args)
      case 'get':
        return keys.get(...args)
      case 'set':
        return keys.set(args[0], Buffer.from(args[1]), args[2])
      case 'delete':
        return keys.delete(...args)
      case 'count':
        return keys.count(...args)
    }
  }

  #pass(sender: HubWorker, to: string | undefined, topic: string, message: Uint8Array): void {
    const from = this.#members.get(sender)?.nodeId
    if (from === undefined) return
    for (const [worker, { nodeId }] of this.#members)
      if (worker !== sender && (to === undefined || to === nodeId))
        this.#send(worker, { kind: 'message', topic, message, from }, message.byteLength)
  }

  #tellOthers(): void {
    const all = [...this.#members.values()].map(({ nodeId }) => nodeId)
    for (const [worker, { nodeId }] of this.#members)
      this.#send(worker, { kind: 'others', others: all.filter(other => other !== nodeId) })
  }

  #send(worker: HubWorker, message: ToWorker, bytes = 0): void {
    const member = this.#members.get(worker)
    if (member && bytes > 0 && member.waitingBytes + bytes > MAX_ON_THE_WAY_BYTES) {
      if (!this.#isOverfull)
        this.#log.warn({ to: member.nodeId }, 'a worker does not take what others send it')
      this.#isOverfull = true
      return
    }
    if (member) member.waitingBytes += bytes
    worker.send(message, () => {
      if (member) member.waitingBytes -= bytes
      if (bytes > 0) this.#isOverfull = false
    })
  }
}
