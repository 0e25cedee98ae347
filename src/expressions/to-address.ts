import type { MessageContext } from '../core/context.ts'
import { headerOf } from '../message/codecs/soap.ts'
import { ContentError } from '../message/content-error.ts'
import { isSoapType } from '../message/content-type.ts'
import type { Message } from '../message/message.ts'

/** The namespaces of WS-Addressing, newest first. */
export const WS_ADDRESSING: readonly string[] = [
  'http://www.w3.org/2005/08/addressing',
  'http://schemas.xmlsoap.org/ws/2004/08/addressing',
]

/**
 * Finds the address a message is for: what was set, else the `To` of a SOAP request's WS-Addressing header, else the
 * address it was last given to or came to. Undefined for a response that nobody addressed.
 */
export function toAddress(ctx: MessageContext): string | undefined {
  const set = ctx.addressingIfAny?.to
  if (set !== undefined) return set
  if (ctx.direction === 'response') return undefined
  return soapTo(ctx.message) ?? ctx.to ?? ctx.origin.request?.target
}

/** Says which address a message is for; undefined takes back what was said, and what it was given to before. */
export function setToAddress(ctx: MessageContext, address: string | undefined): void {
  if (address !== undefined || ctx.addressingIfAny) ctx.addressing.to = address
  ctx.to = address
}

/** A message that does not mention WS-Addressing is not parsed; one that cannot be read is for nobody by its header. */
function soapTo({ content, status }: Message): string | undefined {
  if (!isSoapType(content.mediaType) || status !== undefined) return undefined
  if (content.form === 'bytes' && !content.bytes.includes('/addressing')) return undefined
  try {
    const header = headerOf(content.envelope())
    for (const namespace of WS_ADDRESSING) {
      const to = header?.child(namespace, 'To')?.text.trim()
      if (to) return to
    }
  } catch (error) {
    if (!(error instanceof ContentError)) throw error
  }
  return undefined
}
