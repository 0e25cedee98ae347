import type { MessageContext } from '../core/context.ts'
import type { Session } from '../core/session.ts'
import { wellKnown } from '../expressions/well-known.ts'
import type { Headers } from '../message/headers.ts'

/**
 * Gives the handshake message the headers of the upgrade as properties, but for those under a prefix, in lower case,
 * that is for backends.
 */
export function showHeaders(ctx: MessageContext, headers: Headers, customHeaderPrefix: string): void {
  for (const { name, value } of headers.entries()) {
    // What a configuration sets under these prefixes goes to the backend: a client must not get in there.
    if (/^websocket\./i.test(name) || name.toLowerCase().startsWith(customHeaderPrefix)) continue
    // Nor may it say over what the engine knows of it, such as its address.
    if (!wellKnown.has(`default ${name}`)) ctx.properties.set(name, value)
    if (!wellKnown.has(`axis2 ${name}`)) ctx.transport.extra.set(name, value)
  }
}

/** Gives those of some headers that are there. */
export function chosenOf(headers: Headers, names: readonly string[]): Session['forwardedHeaders'] {
  if (names.length === 0) return NONE
  return names.flatMap(name => {
    const value = headers.get(name)
    return value === undefined ? [] : [[name, value] as const]
  })
}

const NONE: Session['forwardedHeaders'] = []
