import type { ClientLimits, LimitAction } from '../websocket/client-limits.ts'
import { networkOf } from './network.ts'
import { TokenBucket } from './token-bucket.ts'

/** From this many addresses on those that are gone are forgotten, however much they had connected. */
const MAX_ADDRESSES = 100_000

/** Who wants to connect. */
export interface Arrival {
  readonly address: string
  /** Empty for none. */
  readonly user: string
}

/** Why a client may not connect. */
export interface ConnectionRefusal {
  readonly reason: string
  readonly action: LimitAction
  /** 503 where it is the gateway that has no room, 429 where it is the client that takes too much. */
  readonly status: 429 | 503
  readonly retryAfterSeconds: number
}

interface Known {
  connected: number
  readonly bucket: TokenBucket | undefined
}

/** Counts the clients of one service, by address and user, against what it allows. */
export class ConnectionLimits {
  readonly #limits: ClientLimits
  readonly #addresses = new Map<string, Known>()
  readonly #users = new Map<string, number>()
  #connected = 0
  #sweepAt = 1024

  constructor(limits: ClientLimits) {
    this.#limits = limits
  }

  /** How many addresses something is remembered of. */
  get addresses(): number {
    return this.#addresses.size
  }

  /** Says what keeps somebody from connecting, or is to be warned of, if anything is; first what keeps. */
  refusalOf({ address, user }: Arrival, now = performance.now()): ConnectionRefusal | undefined {
    const known = this.#addresses.get(networkOf(address))
    const byCount = this.#byCount(known, user)
    if (byCount && byCount.action !== 'warn') return byCount
    const byRate = this.#byRate(known, now)
    return byRate?.action === 'warn' ? (byCount ?? byRate) : (byRate ?? byCount)
  }

  #byRate(known: Known | undefined, now: number): ConnectionRefusal | undefined {
    const { connects } = this.#limits
    if (!connects || !known?.bucket || known.bucket.take(1, now)) return undefined
    return {
      reason: 'too many connections in a short time',
      action: connects.action,
      status: 429,
      retryAfterSeconds: Math.max(1, Math.ceil(known.bucket.waitMs(1, now) / 1000)),
    }
  }

  #byCount(known: Known | undefined, user: string): ConnectionRefusal | undefined {
    const { connections, perAddress, perUser, connectionsAction } = this.#limits
    const refusal = { action: connectionsAction, retryAfterSeconds: 30 }
    if (perAddress > 0 && (known?.connected ?? 0) >= perAddress)
      return { ...refusal, reason: 'too many connections from this address', status: 429 }
    if (perUser > 0 && user !== '' && (this.#users.get(user) ?? 0) >= perUser)
      return { ...refusal, reason: 'too many connections of this user', status: 429 }
    if (connections > 0 && this.#connected >= connections)
      return { ...refusal, reason: 'too many connections', status: 503 }
    return undefined
  }

  /** Counts somebody who connects, until the function that is given is called. */
  enter({ address, user }: Arrival, now = performance.now()): () => void {
    const network = networkOf(address)
    const known = this.#addresses.get(network) ?? this.#add(network, now)
    known.connected++
    this.#connected++
    if (user !== '') this.#users.set(user, (this.#users.get(user) ?? 0) + 1)
    return () => this.#leave(network, known, user)
  }

  #add(network: string, now: number): Known {
    if (this.#addresses.size >= this.#sweepAt) this.#sweep(now)
    const { connects } = this.#limits
    const known: Known = { connected: 0, bucket: connects && new TokenBucket(connects, now) }
    known.bucket?.take(1, now)
    this.#addresses.set(network, known)
    return known
  }

  #leave(network: string, known: Known, user: string): void {
    this.#connected--
    known.connected--
    if (known.connected === 0 && !known.bucket) this.#addresses.delete(network)
    if (user === '') return
    const left = (this.#users.get(user) ?? 1) - 1
    if (left === 0) this.#users.delete(user)
    else this.#users.set(user, left)
  }

  /** Forgets those that are gone, once they could connect as often as somebody new. */
  #sweep(now: number): void {
    const isCrowded = this.#addresses.size >= MAX_ADDRESSES
    for (const [network, { connected, bucket }] of this.#addresses)
      if (connected === 0 && (isCrowded || bucket?.isFull(now) !== false)) this.#addresses.delete(network)
    this.#sweepAt = Math.max(1024, this.#addresses.size * 2)
  }
}
