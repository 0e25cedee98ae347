import type { Link } from '../core/session.ts'
import type { LaneSource } from '../sequences/lane.ts'
import type { BroadcastLevel } from '../websocket/options.ts'
import type { ClientConnection } from './held-connection.ts'
import { ReadAhead } from './read-ahead.ts'
import type { SessionLinks } from './session-links.ts'

/** The client that is read. Its connection is another one once it has been let in. */
export interface ReadClient {
  readonly connection: Pick<ClientConnection, 'pause' | 'resume'>
}

/**
 * Holds up both sides of a session for each other. The client is read as long as what it sends can go on, and a little
 * further: not while a link takes no more, nor while it leaves its answers unread. Its links are read as long as it
 * takes what they bring.
 */
export class BackPressure implements LaneSource {
  readonly #client: ReadClient
  readonly #links: SessionLinks
  readonly #broadcastLevel: BroadcastLevel
  readonly #ahead = new ReadAhead()
  /** Links that take no more for now; made for the first. */
  #behindLinks: Set<Link> | undefined
  #isAnswerBehind = false
  #isUntold = false
  #isClientBehind = false
  /** Whether a message of the client has more that nobody takes yet. */
  #isStreamFull = false
  #isOver = false

  constructor(client: ReadClient, links: SessionLinks, broadcastLevel: BroadcastLevel) {
    this.#client = client
    this.#links = links
    this.#broadcastLevel = broadcastLevel
  }

  /** Whether the client reads so slowly that who sends to it is to be held up. */
  get isClientBehind(): boolean {
    return this.#isClientBehind
  }

  // — what the lane of the client asks —

  pause(): void {
    this.#ahead.begin()
  }

  resume(): void {
    this.#ahead.end()
    this.#readOn()
  }

  // — what happens on either side —

  /** Counts a message of the client that was read. */
  took(bytes: number): void {
    if (this.#ahead.take(bytes)) this.#client.connection.pause()
  }

  /** The client was answered. One that does not read its answers gets to ask no more. */
  answered(): void {
    if (!this.#isClientBehind) return
    this.#isAnswerBehind = true
    this.#client.connection.pause()
  }

  /** What the client is told of its messages waits for it to read, or has left: meanwhile it gets to send no more. */
  untold(isWaiting: boolean): void {
    if (isWaiting === this.#isUntold) return
    this.#isUntold = isWaiting
    if (isWaiting) this.#client.connection.pause()
    else this.#readOn()
  }

  /** A message of the client that is still coming in has more than is taken, or not any more. */
  holdStream(isHeldUp: boolean): void {
    this.#isStreamFull = isHeldUp
    if (isHeldUp) this.#client.connection.pause()
    else this.#readOn()
  }

  /** Something came over a link. */
  linkTook(): void {
    if (this.#isClientBehind) this.#holdUpLinks()
  }

  /** Reads nothing more from the client until the link has drained. */
  waitFor(link: Link): void {
    this.#behindLinks ??= new Set()
    this.#behindLinks.add(link)
    this.#client.connection.pause()
  }

  /** The link can take data again, or is gone. */
  linkDrained(link: Link): void {
    if (this.#behindLinks?.delete(link)) this.#readOn()
  }

  /** Has who sends to the client wait for it, or go on. */
  holdUp(isHeldUp: boolean): void {
    this.#isClientBehind = isHeldUp
    if (isHeldUp) {
      this.#holdUpLinks()
      return
    }
    this.#isAnswerBehind = false
    this.#links.clientDrained()
    this.#readOn()
  }

  /** Reads nothing more from the client, whatever drains. */
  stop(): void {
    this.#isOver = true
    this.#client.connection.pause()
  }

  /** What goes to many is not held up for one. */
  #holdUpLinks(): void {
    if (this.#broadcastLevel === 0) this.#links.clientBehind()
  }

  #readOn(): void {
    const isHeldUp =
      this.#ahead.isFull ||
      (this.#behindLinks?.size ?? 0) > 0 ||
      this.#isAnswerBehind ||
      this.#isUntold ||
      this.#isStreamFull ||
      this.#isOver
    if (!isHeldUp) this.#client.connection.resume()
  }
}
