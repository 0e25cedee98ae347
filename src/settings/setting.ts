import { Expected, type ValueType } from '../language/types.ts'

/** One setting: what it takes, what it means, and what counts where nobody says. */
export interface Setting<T> {
  readonly type: ValueType<T>
  readonly doc: string
  readonly default: T | undefined
}

/** Declares a setting. Without a default it may be undefined. */
export function setting<T>(type: ValueType<T>, defaultValue: T, doc: string): Setting<T>
export function setting<T>(type: ValueType<T>, defaultValue: undefined, doc: string): Setting<T | undefined>
export function setting<T>(type: ValueType<T>, defaultValue: T | undefined, doc: string): Setting<T> {
  return { type, default: defaultValue, doc } as Setting<T>
}

/** Stricter than in configurations: settings are the gateway's own, and a typing mistake must not mean false. */
export const boolean: ValueType<boolean> = {
  name: 'true or false',
  parse(value) {
    if (!/^(?:true|false)$/i.test(value.trim())) throw new Expected('true or false')
    return value.trim().toLowerCase() === 'true'
  },
}
