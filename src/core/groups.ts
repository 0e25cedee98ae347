import type { MaybePromise } from './step.ts'

/** A message on its way to clients that did not ask for it. */
export interface PushedMessage {
  readonly data: Buffer
  readonly isBinary: boolean
  /** The frame of it that a server sends, made once for all. */
  readonly frame: Buffer
}

/** A client's session, as far as it can be in groups and be sent to. */
export interface GroupMember {
  readonly id: string
  /** Sends the client a message; false where it does not get it, because it is leaving or does not read. */
  push(message: PushedMessage): boolean
}

/** What became of a message that was pushed. */
export interface Pushed {
  /** How many sessions it was handed to. */
  readonly delivered: number
  /** The ids of those that did not get it. */
  readonly failed: readonly string[]
}

/**
 * The groups that sessions are in, by name, and the sessions themselves by id. Members are known from `begin` until
 * `end`, which takes them out of all their groups. What names a session is its id, so that those of other processes
 * can be among them.
 */
export interface Groups {
  begin(member: GroupMember): void
  end(member: GroupMember): void
  /**
   * Puts a session into a group, which is there as long as somebody is in it; false where the session is not there.
   * @throws Fault 0 when it is in as many as it may, or the name is too long or empty
   */
  join(id: string, group: string): MaybePromise<boolean>
  /** Takes a session out of a group; false where it was not in it. */
  leave(id: string, group: string): MaybePromise<boolean>
  /** Sends to all in a group but the one with the id `except`. A group that is not there has nobody in it. */
  send(group: string, message: PushedMessage, except?: string): MaybePromise<Pushed>
  /** Sends to one session; one that is not there has failed. */
  sendTo(id: string, message: PushedMessage): MaybePromise<Pushed>
}
