import { addressingProperties } from './well-known-addressing.ts'
import type { WellKnown } from './well-known-entry.ts'
import { httpProperties } from './well-known-http.ts'
import { messageProperties } from './well-known-message.ts'
import { tlsProperties } from './well-known-tls.ts'
import { webSocketProperties } from './well-known-websocket.ts'

export { type Accessor, SCOPES, type Scope, type WellKnown } from './well-known-entry.ts'

const ALL: readonly WellKnown[] = [
  ...messageProperties,
  ...addressingProperties,
  ...httpProperties,
  ...tlsProperties,
  ...webSocketProperties,
]

/** Every property name with a meaning, by scope and name. */
export const wellKnown: ReadonlyMap<string, WellKnown> = new Map(
  ALL.map(entry => [`${entry.scope} ${entry.name}`, entry]),
)
