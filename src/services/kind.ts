/** Says what a value is that a hook gives back. One symbol for all copies of this library that a process has loaded. */
export const KIND: unique symbol = Symbol.for('myelin.kind') as never

/** Whether a value is of a kind. */
export function isKind(value: unknown, kind: string): boolean {
  return typeof value === 'object' && value !== null && (value as { [KIND]?: unknown })[KIND] === kind
}
