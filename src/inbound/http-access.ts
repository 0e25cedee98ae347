import type { Gate } from '../core/access/gate.ts'
import type { Service } from '../core/ports.ts'
import type { DirectAnswer } from '../core/route.ts'
import { hideTokens } from './hidden-tokens.ts'
import type { HttpRequest } from './http-request.ts'
import { QuietLog } from './quiet-log.ts'

/** By service, so that what one of them says does not keep another one quiet. */
const logs = new WeakMap<Gate, QuietLog>()

/** Finds out who sends a request; gives the answer to somebody who may not. */
export async function identifyCaller(
  access: Gate,
  request: HttpRequest,
  service: Service,
): Promise<DirectAnswer | undefined> {
  const asked = access.admit(request)
  hideTokens(request, access)
  const found = await asked
  if (found !== 'later' && !('status' in found)) {
    request.identity = found
    return undefined
  }
  const { status, message, detail, headers } = found === 'later' ? UNKNOWN : found
  const { counters, label, log } = service
  counters.received++
  counters.ended.refused++
  const { path, remoteAddress: client } = request
  const quiet = logs.get(access) ?? new QuietLog(log)
  logs.set(access, quiet)
  quiet.warn(message, { status, client, path }, `${label}refused client ${client}: ${detail}`)
  // What of the request was not read would stand before the next one.
  const ends = request.hasBody && !request.raw.complete ? ([['Connection', 'close']] as const) : []
  const all = [...headers, ['Content-Type', 'application/json'] as const, ...ends]
  return { status, headers: all, body: JSON.stringify({ message }) }
}

/** A request has no first message. */
const UNKNOWN = {
  status: 401,
  message: 'credentials are needed',
  detail: 'no credentials',
  headers: [],
} as const
