import type { MessageContext } from '../core/context.ts'
import { accessor } from './scopes.ts'

const compress = accessor('axis2', 'websocket.compress')

/** Whether a message may leave compressed where its connection compresses: nothing said that it may not. */
export function mayCompress(ctx: MessageContext): boolean {
  if (!ctx.transportIfAny) return true
  const value = compress.get(ctx)
  return value !== false && value !== 'false'
}
