import type { Bus } from '../core/cluster.ts'
import { Fault } from '../core/fault.ts'
import type {
  BroadcastElsewhere,
  GroupClose,
  GroupMember,
  Groups,
  Pushed,
  PushedMessage,
  ServiceSessions,
  SessionCount,
} from '../core/groups.ts'
import type { Logger } from '../core/logger.ts'
import type { MaybePromise } from '../core/step.ts'
import type { Resource } from '../language/declare.ts'
import type { SessionGroups } from '../sequences/session-groups.ts'
import { PreparedFrame } from '../websocket/prepared-frame.ts'
import { Answers, type Asked } from './answers.ts'
import type { ClusterCounters } from './cluster-counters.ts'
import {
  decodeRecord,
  encodeRecord,
  type SentAlong,
  type SessionAnswer,
  type SessionHead,
} from './session-record.ts'

/** What goes to the other processes about sessions goes under this. */
const TOPIC = 'sessions'

/** So many ids of sessions that did not get a message are told at most. */
const MAX_TOLD = 1_000

const NONE: readonly string[] = []

/** What is told where nobody knows who the others are. */
const UNKNOWN: readonly string[] = ['*']

/** What groups over several processes are made of. */
export interface SharedGroupsOptions {
  readonly here: SessionGroups
  readonly bus: Bus
  readonly nodeId: string
  /** How long the others may take to say what became of a message, in milliseconds. */
  readonly answerTimeoutMs: number
  readonly counters: ClusterCounters
  readonly log: Logger
}

/**
 * The groups of several processes. Each keeps the sessions it has itself, and their ids name it: there is no register
 * of who is where. A message goes to the sessions here at once, and once to each of the other processes, which send
 * it to their own and answer what became of that.
 */
export class SharedGroups implements Groups, Resource {
  readonly idSuffix: string
  readonly broadcastElsewhere: BroadcastElsewhere
  readonly #here: SessionGroups
  readonly #bus: Bus
  readonly #log: Logger
  readonly #answers: Answers
  readonly #counters: ClusterCounters
  #unsubscribe: (() => void) | undefined
  #isCutOff = false

  constructor({ here, bus, nodeId, answerTimeoutMs, counters, log }: SharedGroupsOptions) {
    this.#here = here
    this.#bus = bus
    this.#log = log
    this.#counters = counters
    this.#answers = new Answers(answerTimeoutMs, log)
    // An id that is kept longer than the process lives must not reach a client of the next one of its name.
    const life = Date.now().toString(36)
    this.idSuffix = `.${life}@${nodeId}`
    this.broadcastElsewhere = (service, path, message) =>
      this.#publish({ kind: 'broadcast', service, path, ...formOf(message) }, message.data) &&
      bus.others.length > 0
  }

  start(): void {
    this.#unsubscribe ??= this.#bus.subscribe(TOPIC, (message, from) => this.#take(message, from))
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.()
    this.#answers.stop()
    await this.#here.stop()
  }

  serve(service: string, sessions: ServiceSessions): () => void {
    return this.#here.serve(service, sessions)
  }

  begin(member: GroupMember): void {
    this.#here.begin(member)
  }

  end(member: GroupMember): void {
    this.#here.end(member)
  }

  join(id: string, group: string): MaybePromise<boolean> {
    const node = this.#nodeOf(id)
    return node === undefined ? this.#here.join(id, group) : this.#change('join', { node, id, group })
  }

  leave(id: string, group: string): MaybePromise<boolean> {
    const node = this.#nodeOf(id)
    return node === undefined ? this.#here.leave(id, group) : this.#change('leave', { node, id, group })
  }

  send(group: string, message: PushedMessage, except?: string, isWaiting = true): MaybePromise<Pushed> {
    const pushed = this.#here.send(group, message, except)
    const { others } = this.#bus
    const asked = isWaiting && others.length > 0 ? this.#answers.ask(others) : undefined
    const head = { kind: 'group', number: asked?.number ?? 0, group, ...formOf(message) } as const
    if (!this.#publish(head, message.data)) {
      if (asked) this.#answers.withdraw(asked.number)
      return { ...pushed, unanswered: others.length > 0 ? others : UNKNOWN }
    }
    return asked
      ? this.#summed(pushed, asked)
      : { ...pushed, unanswered: others, isSentOn: others.length > 0 }
  }

  sendTo(id: string, message: PushedMessage): MaybePromise<Pushed> {
    const node = this.#nodeOf(id)
    if (node !== undefined) return this.#sendTo(id, node, message)
    const isLost = this.#isForeign(id) && this.#bus.others.length === 0
    return { ...this.#here.sendTo(id, message), unanswered: isLost ? UNKNOWN : NONE }
  }

  close(
    whom: { readonly id: string } | { readonly group: string; readonly except?: string | undefined },
    close: GroupClose,
  ): MaybePromise<Pushed> {
    if ('id' in whom) {
      const node = this.#nodeOf(whom.id)
      return node === undefined ? this.#here.close(whom, close) : this.#closeOne(whom.id, node, close)
    }
    const closed = this.#here.close(whom, close)
    const { others } = this.#bus
    if (others.length === 0) return closed
    const asked = this.#answers.ask(others)
    const { group, except = '' } = whom
    if (
      !this.#publish({
        kind: 'close-group',
        number: asked.number,
        group,
        except,
        closeCode: close.code,
        reason: close.reason,
      })
    )
      this.#answers.withdraw(asked.number)
    return this.#summed(closed, asked)
  }

  async #closeOne(id: string, node: string, close: GroupClose): Promise<Pushed> {
    const answer = await this.#ask(node, number =>
      encodeRecord({ kind: 'close', number, id, closeCode: close.code, reason: close.reason }),
    )
    if (!answer) return { delivered: 0, failed: [id], unanswered: [node] }
    return { delivered: answer.delivered, failed: answer.failed, unanswered: NONE }
  }

  async counts(): Promise<readonly SessionCount[]> {
    const here = this.#here.counts()
    const { others } = this.#bus
    if (others.length === 0) return here
    const { number, answered } = this.#answers.ask(others)
    if (!this.#publish({ kind: 'count', number })) this.#answers.withdraw(number)
    const { answers } = await answered
    return [...here, ...answers.flatMap(({ counts = [] }) => counts)]
  }

  /** The other process that an id names; undefined for this one, and one that is not there. */
  #nodeOf(id: string): string | undefined {
    if (!this.#isForeign(id)) return undefined
    return this.#bus.others.find(node => id.endsWith(`@${node}`))
  }

  #isForeign(id: string): boolean {
    return !id.endsWith(this.idSuffix) && id.includes('@')
  }

  async #sendTo(id: string, node: string, message: PushedMessage): Promise<Pushed> {
    const answer = await this.#ask(node, number =>
      encodeRecord({ kind: 'session', number, id, ...formOf(message) }, message.data),
    )
    if (!answer) return { delivered: 0, failed: [id], unanswered: [node] }
    return { delivered: answer.delivered, failed: answer.failed, unanswered: NONE }
  }

  async #summed(here: Pushed, { answered }: Asked): Promise<Pushed> {
    const { answers, unanswered } = await answered
    if (unanswered.length > 0) this.#counters.unanswered++
    return {
      delivered: answers.reduce((sum, { delivered }) => sum + delivered, here.delivered),
      failed: [...here.failed, ...answers.flatMap(({ failed }) => failed)],
      unlisted: answers.reduce((sum, { unlisted }) => sum + unlisted, 0),
      unanswered,
    }
  }

  /** @throws Fault 0 where the process does not answer, or the session may not join */
  async #change(
    kind: 'join' | 'leave',
    { node, id, group }: { readonly node: string; readonly id: string; readonly group: string },
  ): Promise<boolean> {
    const answer = await this.#ask(node, number => encodeRecord({ kind, number, id, group }))
    if (!answer) {
      const text = `process ${node} does not say whether session ${id} could ${kind} a group`
      throw new Fault(0, text)
    }
    if (answer.error !== undefined) throw new Fault(0, answer.error)
    return answer.delivered > 0
  }

  async #ask(node: string, recordOf: (number: number) => Buffer): Promise<SessionAnswer | undefined> {
    const { number, answered } = this.#answers.ask([node])
    if (!this.#bus.sendTo(node, TOPIC, recordOf(number))) this.#answers.withdraw(number)
    const answer = (await answered).answers[0]
    if (!answer) this.#counters.unanswered++
    return answer
  }

  #publish(head: SessionHead, data?: Buffer): boolean {
    const isSent = this.#bus.publish(TOPIC, encodeRecord(head, data))
    if (!isSent) this.#counters.unsent++
    if (isSent === this.#isCutOff) {
      this.#isCutOff = !isSent
      if (isSent) this.#log.info({}, 'messages go to the sessions of other processes again')
      else
        this.#log.warn(
          {},
          'there is no way to the other processes: messages go to the sessions of this one alone',
        )
    }
    return isSent
  }

  #take(message: Buffer, from: string): void {
    const record = decodeRecord(message)
    if (!record) {
      this.#log.debug({ process: from }, `process ${from} sent what is unknown here`)
      return
    }
    this.#answers.heard(from)
    const { head, data } = record
    if (head.kind === 'answer') this.#answers.take(head, from)
    else if (head.kind === 'broadcast') this.#here.broadcast(head.service, head.path, frameOf(head, data))
    else {
      const done = this.#do(head, data)
      if (head.number === 0) return
      this.#bus.sendTo(from, TOPIC, encodeRecord({ ...done, kind: 'answer', number: head.number }))
    }
  }

  #do(
    head: Exclude<SessionHead, { kind: 'answer' | 'broadcast' }>,
    data: Buffer,
  ): Omit<SessionAnswer, 'kind' | 'number'> {
    switch (head.kind) {
      case 'group':
        return told(this.#here.send(head.group, frameOf(head, data)))
      case 'session':
        return told(this.#here.sendTo(head.id, frameOf(head, data)))
      case 'close':
        return told(this.#here.close({ id: head.id }, { code: head.closeCode, reason: head.reason }))
      case 'close-group': {
        const { group, except, closeCode: code, reason } = head
        return told(this.#here.close({ group, except }, { code, reason }))
      }
      case 'count':
        return { ...told(), counts: this.#here.counts() }
      default:
        return this.#changeHere(head.kind, head.id, head.group)
    }
  }

  #changeHere(kind: 'join' | 'leave', id: string, group: string): Omit<SessionAnswer, 'kind' | 'number'> {
    try {
      const isDone = kind === 'join' ? this.#here.join(id, group) : this.#here.leave(id, group)
      return told({ delivered: isDone ? 1 : 0, failed: NONE })
    } catch (error) {
      return { ...told(), error: Fault.from(error).message }
    }
  }
}

function told(
  { delivered, failed }: Pushed = { delivered: 0, failed: NONE },
): Pick<SessionAnswer, 'delivered' | 'failed' | 'unlisted'> {
  if (failed.length <= MAX_TOLD) return { delivered, failed, unlisted: 0 }
  return { delivered, failed: failed.slice(0, MAX_TOLD), unlisted: failed.length - MAX_TOLD }
}

function formOf({ isBinary, mayCompress }: PushedMessage): SentAlong {
  return { isBinary, mayCompress }
}

function frameOf({ isBinary, mayCompress }: SentAlong, data: Buffer): PreparedFrame {
  return new PreparedFrame(data, isBinary, mayCompress)
}
