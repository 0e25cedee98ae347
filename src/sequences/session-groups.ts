import { Fault } from '../core/fault.ts'
import type {
  GroupClose,
  GroupMember,
  Groups,
  Pushed,
  PushedMessage,
  ServiceSessions,
  SessionCount,
} from '../core/groups.ts'
import type { Resource } from '../language/declare.ts'

/** The longest name a group may have, in characters. */
export const MAX_GROUP_NAME = 256

interface Membership {
  readonly member: GroupMember
  /** Names of its groups; made for the first. */
  groups: Set<string> | undefined
}

/** The groups of one process, in memory. */
export class SessionGroups implements Groups, Resource {
  readonly idSuffix = ''
  readonly broadcastElsewhere = undefined
  readonly #nodeId: string
  readonly #maxPerSession: number
  readonly #members = new Map<string, Membership>()
  readonly #groups = new Map<string, Set<GroupMember>>()
  readonly #services = new Map<string, Set<ServiceSessions>>()

  /** A session may be in so many groups at the same time; 0 for any number. */
  constructor(maxPerSession: number, nodeId = '') {
    this.#maxPerSession = maxPerSession
    this.#nodeId = nodeId
  }

  /** How many groups somebody is in. */
  get size(): number {
    return this.#groups.size
  }

  serve(service: string, sessions: ServiceSessions): () => void {
    const all = this.#services.get(service) ?? new Set()
    this.#services.set(service, all.add(sessions))
    return () => {
      if (all.delete(sessions) && all.size === 0) this.#services.delete(service)
    }
  }

  counts(): readonly SessionCount[] {
    return [...this.#services].map(([service, all]) => ({
      node: this.#nodeId,
      service,
      sessions: [...all].reduce((sum, { size }) => sum + size, 0),
    }))
  }

  /** Sends to the sessions of a service in this process that connected with a path. */
  broadcast(service: string, path: string, message: PushedMessage): void {
    for (const sessions of this.#services.get(service) ?? []) sessions.broadcast(path, message)
  }

  begin(member: GroupMember): void {
    this.#members.set(member.id, { member, groups: undefined })
  }

  end(member: GroupMember): void {
    const membership = this.#members.get(member.id)
    // Another session may have the id by now: that of a deployment after this one's.
    if (membership?.member !== member) return
    this.#members.delete(member.id)
    for (const group of membership.groups ?? []) this.#remove(member, group)
  }

  join(id: string, group: string): boolean {
    if (group === '') throw new Fault(0, 'the name of a group is empty')
    if (group.length > MAX_GROUP_NAME)
      throw new Fault(
        0,
        `the name of a group has ${group.length} characters; at most ${MAX_GROUP_NAME} are allowed`,
      )
    const membership = this.#members.get(id)
    if (!membership) return false
    membership.groups ??= new Set()
    const { member, groups } = membership
    if (groups.has(group)) return true
    if (this.#maxPerSession > 0 && groups.size >= this.#maxPerSession)
      throw new Fault(
        0,
        `session ${id} is in ${groups.size} groups, as many as transport.ws.groups.max_per_session allows`,
      )
    groups.add(group)
    const members = this.#groups.get(group)
    if (members) members.add(member)
    else this.#groups.set(group, new Set([member]))
    return true
  }

  leave(id: string, group: string): boolean {
    const membership = this.#members.get(id)
    if (!membership?.groups?.delete(group)) return false
    this.#remove(membership.member, group)
    return true
  }

  send(group: string, message: PushedMessage, except?: string): Pushed {
    const left = except === undefined ? undefined : this.#members.get(except)?.member
    let delivered = 0
    const failed: string[] = []
    for (const member of this.#groups.get(group) ?? []) {
      if (member === left) continue
      if (member.push(message)) delivered++
      else failed.push(member.id)
    }
    return { delivered, failed }
  }

  sendTo(id: string, message: PushedMessage): Pushed {
    const isTaken = this.#members.get(id)?.member.push(message) === true
    return isTaken ? { delivered: 1, failed: [] } : { delivered: 0, failed: [id] }
  }

  close(
    whom: { readonly id: string } | { readonly group: string; readonly except?: string | undefined },
    { code, reason }: GroupClose,
  ): Pushed {
    if ('id' in whom) {
      const member = this.#members.get(whom.id)?.member
      member?.close?.(code, reason)
      return member?.close ? { delivered: 1, failed: [] } : { delivered: 0, failed: [whom.id] }
    }
    // Who is closed leaves the group meanwhile.
    const members = [...(this.#groups.get(whom.group) ?? [])].filter(
      ({ id, close }) => id !== whom.except && close !== undefined,
    )
    for (const member of members) member.close!(code, reason)
    return { delivered: members.length, failed: [] }
  }

  async stop(): Promise<void> {
    this.#members.clear()
    this.#groups.clear()
    this.#services.clear()
  }

  #remove(member: GroupMember, group: string): void {
    const members = this.#groups.get(group)
    members?.delete(member)
    if (members?.size === 0) this.#groups.delete(group)
  }
}
