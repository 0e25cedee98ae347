import type { MaybePromise } from './step.ts'

/** A message on its way to clients that did not ask for it. */
export interface PushedMessage {
  readonly data: Buffer
  readonly isBinary: boolean
  /** Whether it may leave compressed. */
  readonly mayCompress: boolean
  /** The frame of it that a server sends, made once for all. */
  readonly frame: Buffer
  /** Makes compressed frames of it; undefined where it is to leave as it is. */
  readonly compressed?: CompressedFrames | undefined
}

/** The compressed frames of a message, made once for all whose window has the same size. */
export interface CompressedFrames {
  /** Gives the frame for a window, uncompressed where that is smaller; undefined while it is not made. */
  at(windowBits: number): Buffer | undefined
  /** Calls back when it is. */
  whenMade(windowBits: number, done: () => void): void
}

/** A client's session, as far as it can be in groups and be sent to. */
export interface GroupMember {
  readonly id: string
  /** Sends the client a message; false where it does not get it, because it is leaving or does not read. */
  push(message: PushedMessage): boolean
  /** Begins to close it. */
  close?(code: number, reason: string): void
}

/** How a session is closed that somebody else is in charge of. */
export interface GroupClose {
  readonly code: number
  readonly reason: string
}

/** What became of a message that was pushed. */
export interface Pushed {
  /** How many sessions it was handed to. */
  readonly delivered: number
  /** The ids of those that did not get it. */
  readonly failed: readonly string[]
  /** How many more did not get it, of other processes that do not list them all. */
  readonly unlisted?: number
  /**
   * The other processes that did not say in time what became of it, which may have sent it all the same; `*` where
   * there is no way to others now. Undefined where there are no others.
   */
  readonly unanswered?: readonly string[]
  /** Whether it went to other processes, whose word is not waited for. */
  readonly isSentOn?: boolean
}

/** The sessions of one service in this process. */
export interface ServiceSessions {
  readonly size: number
  /** Sends to all who connected with a path. */
  broadcast(path: string, message: PushedMessage): void
}

/** How many sessions of a service one process has. */
export interface SessionCount {
  readonly node: string
  readonly service: string
  readonly sessions: number
}

/** Sends to the sessions of a service in all other processes that connected with a path; false where there is no way to them. */
export type BroadcastElsewhere = (service: string, path: string, message: PushedMessage) => boolean

/**
 * The groups that sessions are in, by name, and the sessions themselves by id. Members are known from `begin` until
 * `end`, which takes them out of all their groups. What names a session is its id, so that those of other processes
 * can be among them.
 */
export interface Groups {
  /** What the ids of its sessions end with, so that other processes find them; '' in a process that runs alone. */
  readonly idSuffix: string
  /** Undefined in a process that runs alone. */
  readonly broadcastElsewhere: BroadcastElsewhere | undefined
  /** Makes the sessions of a service known, until what this gives is called. */
  serve(service: string, sessions: ServiceSessions): () => void
  /** Counts the sessions of all services in all processes; those of a process that does not answer are missing. */
  counts(): MaybePromise<readonly SessionCount[]>
  begin(member: GroupMember): void
  end(member: GroupMember): void
  /**
   * Puts a session into a group, which is there as long as somebody is in it; false where the session is not there.
   * @throws Fault 0 when it is in as many as it may, or the name is too long or empty
   */
  join(id: string, group: string): MaybePromise<boolean>
  /** Takes a session out of a group; false where it was not in it. */
  leave(id: string, group: string): MaybePromise<boolean>
  /**
   * Sends to all in a group but the one with the id `except`. A group that is not there has nobody in it. What other
   * processes say of it is waited for, unless `isWaiting` is false.
   */
  send(group: string, message: PushedMessage, except?: string, isWaiting?: boolean): MaybePromise<Pushed>
  /** Sends to one session; one that is not there has failed. */
  sendTo(id: string, message: PushedMessage): MaybePromise<Pushed>
  /** Closes one session, or all in a group but the one with the id `except`; tells how many, and which are not there. */
  close(
    whom: { readonly id: string } | { readonly group: string; readonly except?: string | undefined },
    close: GroupClose,
  ): MaybePromise<Pushed>
}
