import type { MessageContext } from '../core/context.ts'
import { cutReason } from '../websocket/close-codes.ts'
import { isCloseFrame } from './close-frame.ts'
import { bytesOf, isText } from './value-bytes.ts'

type Streamed = AsyncIterable<unknown> | AsyncIterator<unknown> | Iterator<unknown>

/** Whether a value gives messages one by one: an iterator, or what has asynchronous ones. Lists and maps are JSON. */
export function isIterator(value: unknown): value is Streamed {
  if (typeof value !== 'object' || value === null) return false
  if (Symbol.asyncIterator in value) return true
  return 'next' in value && typeof value.next === 'function'
}

/**
 * Sends each element as a message, and the next when the client has read enough; a close result closes. The message
 * that began it may have ended meanwhile, so that what the client sends goes on being read. What fails closes the
 * client with 1011. Resolves when it is over, its `finally` blocks too, and never rejects.
 */
export async function stream(
  ctx: MessageContext,
  source: Streamed,
  complete: (value: unknown) => unknown,
): Promise<void> {
  const session = ctx.session!
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source
  try {
    while (session.isOpen) {
      const { done, value } = await iterator.next()
      if (done === true) return
      if (value instanceof Error) throw value
      if (isCloseFrame(value)) {
        session.close(value.code, value.reason)
        break
      }
      const sent = complete(value)
      if (!session.deliver!(bytesOf(sent), !isText(sent))) break
      await session.drained
    }
    await iterator.return?.()
  } catch (thrown) {
    const text = thrown instanceof Error ? thrown.message : String(thrown)
    ctx.log.warn(
      { session: session.id, err: thrown },
      `${ctx.service.label}streaming to a client failed: ${text}`,
    )
    session.close(1011, cutReason(`streaming failed: ${text}`))
    await finalised(iterator)
  }
}

/** Has a generator run its `finally` blocks; what fails there is not worth more than why it is over. */
async function finalised(iterator: AsyncIterator<unknown> | Iterator<unknown>): Promise<void> {
  try {
    await iterator.return?.()
  } catch {}
}
