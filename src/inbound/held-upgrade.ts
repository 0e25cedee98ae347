import type { Handshake } from '../core/session.ts'
import { EarlyBytes } from '../websocket/early-bytes.ts'
import { type HandshakeRefusal, refusalWith } from './handshake-refusal.ts'
import type { HttpRequest } from './http-request.ts'
import type { ClientSessions, Connect } from './sessions.ts'

/** A client that was held and may be upgraded now. */
export interface LetIn {
  /** The subprotocol for the 101 answer; '' for none. */
  readonly subprotocol: string
  /** Further headers of that answer, each as a line. */
  readonly headers: readonly string[]
  /** Goes on with the client, once there is a connection to be had. */
  upgraded(connect: Connect): void
}

/** Has a client wait for the answer to its upgrade until its handshake message is through. Never rejects. */
export async function holdUpgrade(
  sessions: ClientSessions,
  handshake: Handshake,
  request: HttpRequest,
  offered: readonly string[],
): Promise<LetIn | HandshakeRefusal | 'gone'> {
  const held = sessions.hold(handshake, request, offered)
  const early = new EarlyBytes(request.raw.socket, () => sessions.heldBack(held))
  const timer = setTimeout(
    () => held.connection.refuse(refusalWith(504, 'the handshake took too long')),
    sessions.options.handshake.timeoutMs,
  )
  const verdict = await held.connection.verdict
  clearTimeout(timer)
  if (verdict === 'gone' || 'refusal' in verdict) {
    early.drop()
    sessions.heldBack(held)
    return verdict === 'gone' ? verdict : verdict.refusal
  }
  early.giveBack()
  const { subprotocol } = verdict
  return {
    subprotocol,
    headers: held.session.addedHeaders,
    upgraded(connect) {
      early.done()
      sessions.upgraded(held, subprotocol, connect)
    },
  }
}
