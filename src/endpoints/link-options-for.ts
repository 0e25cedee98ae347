import type { MessageContext } from '../core/context.ts'
import type { Service } from '../core/ports.ts'
import type { Session } from '../core/session.ts'
import type { WebSocketSettings } from '../language/declare.ts'
import type { FrameLog, FrameLogging } from '../websocket/frame-log.ts'
import type { ConnectGates } from './connect-gate.ts'
import type { LinkOptions } from './link-options.ts'
import type { Survival } from './survival-fields.ts'

/** What the links of an endpoint are made with. */
export interface LinkMaking {
  readonly settings: WebSocketSettings
  readonly survival: Survival
  readonly gates: ConnectGates
}

/** Up to how many bytes of what a backend says that refuses a client are passed on to that client. */
const MAX_REFUSAL_BYTES = 64 * 1024

/** How a link differs from one that stays, and speaks for the client that opened it. */
interface LinkUse {
  readonly idleMs?: number
  /** Whether many clients use it: no header of a client goes with it then. */
  readonly isOfAll?: boolean
  /** The client it is for, where it is for one. */
  readonly session?: Session
}

/** Gives how a link is opened for a message. */
export function linkOptionsFor(
  ctx: MessageContext,
  address: string,
  { settings, survival, gates }: LinkMaking,
  { idleMs = 0, isOfAll = false, session }: LinkUse = {},
): LinkOptions {
  const { connection, compression, handshakeTimeoutMs, queue, tls, preservedHeaders } = settings
  const transport = ctx.transportIfAny
  const type = transport?.acceptContentType
  const subprotocols =
    type === undefined ? listOf(transport?.subprotocol) : [`synapse(contentType='${type}')`]
  const headers = headersOf(ctx, settings.customHeaderPrefix, isOfAll ? [] : preservedHeaders, session)
  const maxRefusalBytes = session?.isHeld ? MAX_REFUSAL_BYTES : 0
  const frameLog = frameLogOf(ctx.service, address, session, settings.frameLogging)
  return {
    dial: {
      ...connection,
      handshakeTimeoutMs,
      tls,
      subprotocols,
      headers,
      maxRefusalBytes,
      compression,
      frameLog,
    },
    gate: gates.get(address, survival.connect),
    reconnect: survival.reconnect,
    heartbeat: survival.heartbeat,
    slow: survival.slow && { readers: survival.slow, service: ctx.service, session: session?.id },
    queue,
    contentType: type ?? '',
    idleMs,
  }
}

/** Where the frames of a link are logged; undefined where they are not. */
function frameLogOf(
  { log, label }: Service,
  address: string,
  session: Session | undefined,
  usual: FrameLogging,
): FrameLog | undefined {
  const shows = session ? session.frameLogging : usual
  if (shows === 'off') return undefined
  const backend = { backend: address }
  return {
    log,
    label,
    fields: session ? { session: session.id, ...backend } : backend,
    leg: 'backend',
    shows,
  }
}

/** Headers of the handshake: what the configuration set with the prefix, and the client's own where listed. */
function headersOf(
  ctx: MessageContext,
  prefix: string,
  preserved: readonly string[],
  session: Session | undefined,
): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of session?.forwardedHeaders ?? []) if (isForwardable(name)) headers[name] = value
  for (const name of preserved) {
    const value = ctx.message.headers.get(name)
    if (value !== undefined && isForwardable(name)) headers[name] = value
  }
  for (const [name, value] of ctx.transportIfAny?.extra.entries() ?? []) {
    if (!name.startsWith(prefix) || value === undefined) continue
    const header = name.slice(prefix.length)
    if (isForwardable(header)) headers[header] = String(value)
  }
  return headers
}

function listOf(subprotocols: string | undefined): string[] {
  return (subprotocols ?? '')
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '')
}

/** Headers that belong to one connection are never copied to another (RFC 9110, 7.6.1; RFC 6455, 4.1). */
function isForwardable(name: string): boolean {
  return !/^(?:host|connection|upgrade|keep-alive|transfer-encoding|content-length|te|trailer|proxy-.*|sec-websocket-.*)$/i.test(
    name,
  )
}
