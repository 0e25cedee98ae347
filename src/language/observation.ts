import { attribute } from './field.ts'
import { enable } from './types.ts'

/** `statistics="enable"`, as most artifacts may say. */
export const statistics = attribute(enable, { doc: 'Accepted; counters are always kept.' })

/** `trace="enable"`, as most artifacts may say. */
export const trace = attribute(enable, { doc: 'Accepted; the level of the log decides what is traced.' })
