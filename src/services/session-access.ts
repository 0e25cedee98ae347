import type { Groups, Pushed } from '../core/groups.ts'
import type { MaybePromise } from '../core/step.ts'
import { cutReason } from '../websocket/close-codes.ts'
import { PreparedFrame } from '../websocket/prepared-frame.ts'
import { checkedCode } from './close-frame.ts'
import { bytesOf, isText, ValueError } from './value-bytes.ts'

/** Whether the caller is one of those a group is meant to be. */
export interface SelfOption {
  readonly includeSelf?: boolean
}

/** The groups that sessions may be in, of all gateway processes that work as one. */
export interface SessionGroupsAccess {
  /** Sends to all in a group; to the caller as well, unless it is left out. */
  send(group: string, data: unknown, options?: SelfOption): MaybePromise<Pushed>
  /** The same as `send`. */
  push(group: string, data: unknown, options?: SelfOption): MaybePromise<Pushed>
  /** Puts a session into a group, by its id; it leaves when it is closed. False where it is not there. */
  add(group: string, id: string): MaybePromise<boolean>
  /** Takes a session out of a group, by its id; false where it was not in it. */
  remove(group: string, id: string): MaybePromise<boolean>
  /** Closes all in a group; the caller as well, unless it is left out. @throws RangeError for a code that may not be sent */
  close(group: string, code?: number, reason?: string, options?: SelfOption): MaybePromise<Pushed>
}

/** The groups that a caller's session may be in. */
export interface CallerGroups extends Omit<SessionGroupsAccess, 'add' | 'remove'> {
  join(group: string): MaybePromise<boolean>
  leave(group: string): MaybePromise<boolean>
  /** Puts a session into a group; that of the caller unless another is named. */
  add(group: string, id?: string): MaybePromise<boolean>
  /** Takes a session out of a group; that of the caller unless another is named. */
  remove(group: string, id?: string): MaybePromise<boolean>
}

/** A session, by its id; one that is not there gets nothing, and is among those that failed. */
export interface SessionAccess {
  readonly id: string
  send(data: unknown): MaybePromise<Pushed>
  sendText(text: string): MaybePromise<Pushed>
  /** The same as `sendText`. */
  pushText(text: string): MaybePromise<Pushed>
  sendBinary(data: Uint8Array): MaybePromise<Pushed>
  /** @throws RangeError for a code that may not be sent */
  close(code?: number, reason?: string): MaybePromise<Pushed>
}

/** Sessions by id. */
export interface CallerSessions {
  get(id: string): SessionAccess
}

/** Gives the groups to a function; `self` is the session it runs for. */
export function groupsAccess(groups: Groups, self?: string): SessionGroupsAccess {
  const except = ({ includeSelf = true }: SelfOption = {}): string | undefined =>
    includeSelf ? undefined : self
  const send: SessionGroupsAccess['send'] = (group, data, options) =>
    groups.send(group, prepared(data), except(options))
  return {
    send,
    push: send,
    add: (group, id) => groups.join(id, group),
    remove: (group, id) => groups.leave(id, group),
    close: (group, code, reason, options) =>
      groups.close({ group, except: except(options) }, closeOf(code, reason)),
  }
}

/** Gives the groups to a caller. */
export function callerGroups(groups: Groups, self: string): CallerGroups {
  return {
    ...groupsAccess(groups, self),
    join: group => groups.join(self, group),
    leave: group => groups.leave(self, group),
    add: (group, id = self) => groups.join(id, group),
    remove: (group, id = self) => groups.leave(id, group),
  }
}

/** Gives the sessions to a function. */
export function sessionsAccess(groups: Groups): CallerSessions {
  return {
    get(id) {
      const send = (data: unknown): MaybePromise<Pushed> => groups.sendTo(id, prepared(data))
      const sendText = (text: string): MaybePromise<Pushed> => send(textOnly(text))
      return {
        id,
        send,
        sendText,
        pushText: sendText,
        sendBinary: data => groups.sendTo(id, new PreparedFrame(bytesOf(data), true, true)),
        close: (code, reason) => groups.close({ id }, closeOf(code, reason)),
      }
    },
  }
}

/** A message for several clients: text as text, bytes as bytes, any other value as JSON. */
export function prepared(data: unknown): PreparedFrame {
  return new PreparedFrame(bytesOf(data), !isText(data), true)
}

/** Gives a text that is one. @throws ValueError for anything else */
export function textOnly(text: string): string {
  if (typeof text !== 'string') throw new ValueError('a text message is text')
  return text
}

function closeOf(code = 1000, reason = ''): { readonly code: number; readonly reason: string } {
  return { code: checkedCode(code), reason: cutReason(reason) }
}
