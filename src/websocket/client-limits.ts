import type { MessageContext } from '../core/context.ts'

/**
 * What happens beyond a limit: a line in the log, or the connection or message is turned away (`drop`), or the client
 * is closed.
 */
export type LimitAction = 'warn' | 'drop' | 'close'

/** How much there may be of something in a time, on average and at once. */
export interface Rate {
  readonly perSecond: number
  /** How much at once, after a quiet time. */
  readonly burst: number
  readonly action: LimitAction
}

/** What a service allows its clients. Zero, or undefined, allows anything. */
export interface ClientLimits {
  /** Clients connected at the same time: in all, from one address, and of one user. */
  readonly connections: number
  readonly perAddress: number
  readonly perUser: number
  readonly connectionsAction: LimitAction
  /** Gives the user of an upgrade request; '' where it names none. It does not throw. */
  readonly user: ((ctx: MessageContext) => string) | undefined
  /** New connections from one address. */
  readonly connects: Rate | undefined
  /** What one client sends. */
  readonly messages: Rate | undefined
  readonly bytes: Rate | undefined
}
