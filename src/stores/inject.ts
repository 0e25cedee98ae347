import type { MessageContext } from '../core/context.ts'
import type { Pipeline } from '../core/ports.ts'
import { exchange } from '../sequences/exchange.ts'

/** Runs a message through a sequence as an exchange of its own; it never throws. */
export async function inject(ctx: MessageContext, sequence: Pipeline | undefined): Promise<void> {
  if (!sequence) return
  ctx.service.counters.received++
  await exchange(ctx, sequence)
}
