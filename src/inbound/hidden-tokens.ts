import type { Gate } from '../core/access/gate.ts'
import { withoutBearer } from '../core/access/token-place.ts'
import { splitSubprotocols } from '../websocket/accept.ts'
import type { HttpRequest } from './http-request.ts'

/** Takes the tokens out of a request that its address and its subprotocols hold: they are written to logs, and go on. */
export function hideTokens(request: HttpRequest, { queryParameters, subprotocols }: Gate): void {
  request.leaveOut(queryParameters)
  if (subprotocols.length === 0) return
  const { rawHeaders } = request.raw
  for (let i = rawHeaders.length - 2; i >= 0; i -= 2) {
    if (rawHeaders[i]!.toLowerCase() !== 'sec-websocket-protocol') continue
    const left = withoutBearer(splitSubprotocols(rawHeaders[i + 1]!), subprotocols)
    if (left.length > 0) rawHeaders[i + 1] = left.join(', ')
    else rawHeaders.splice(i, 2)
  }
}
