import type { MessageContext } from '../core/context.ts'
import type { Headers } from '../message/headers.ts'

/** What the answer to a handshake says itself, and what stays between two hops. */
const NEVER_ADDED =
  /^(?:connection|upgrade|keep-alive|transfer-encoding|content-length|te|trailer|date|proxy-.*|sec-websocket-.*)$/i

/** What may stand in a header: anything else would begin another one, or end them. */
const IS_FIELD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+: [\t\x20-\x7e\x80-\xff]*$/

/**
 * Gives the headers that the hook of a handshake has set on its message, as lines for the answer. What the client said
 * about itself is not sent back to it.
 */
export function addedHeaders(ctx: MessageContext, asked: Headers | undefined): string[] {
  return ctx.message.headers
    .fields()
    .filter(({ name, value }) => !NEVER_ADDED.test(name) && asked?.get(name) !== value)
    .map(({ name, value }) => `${name}: ${value}`)
    .filter(line => IS_FIELD.test(line))
}
