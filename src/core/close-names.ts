/** A close by its name: the code, and the reason where none is given. */
export interface NamedClose {
  readonly code: number
  readonly reason: string
}

/** The close codes that services use, by name. */
export const CLOSES = {
  NormalClosure: { code: 1000, reason: 'Normal closure' },
  GoingAway: { code: 1001, reason: 'Going away' },
  ProtocolError: { code: 1002, reason: 'Protocol error' },
  UnsupportedData: { code: 1003, reason: 'Unsupported data' },
  InvalidPayload: { code: 1007, reason: 'Invalid payload' },
  PolicyViolation: { code: 1008, reason: 'Policy violation' },
  MessageTooBig: { code: 1009, reason: 'Message too big' },
  InternalServerError: { code: 1011, reason: 'Internal server error' },
} as const satisfies Readonly<Record<string, NamedClose>>

/** Name of such a code. */
export type CloseName = keyof typeof CLOSES

/** Gives a close by its name; undefined for none. */
export function closeNamed(name: string): NamedClose | undefined {
  return Object.hasOwn(CLOSES, name) ? CLOSES[name as CloseName] : undefined
}
