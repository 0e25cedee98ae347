import type { MessageContext } from '../core/context.ts'
import { Fault, type FaultCode } from '../core/fault.ts'
import { toAddress } from '../expressions/to-address.ts'
import { isSoapType } from '../message/content-type.ts'
import { whenWhole } from '../sequences/whole.ts'
import type { Sender } from './governed.ts'
import { isClientRequest } from './http-sender.ts'
import { isSoap, type Shape } from './outgoing.ts'

/** Finds the address of a message; the method is what it is sent with. */
export type Where = (ctx: MessageContext, method: string) => string

/** A fixed address, and behind it what followed the path of the service a REST message came to. */
export function fixedAddress(address: string, format: Shape['format']): Where {
  return (ctx, method) => {
    ctx.properties.set('ENDPOINT_PREFIX', address)
    return withPostfix(address, ctx, method, format)
  }
}

/**
 * The address the message is for.
 * @throws Fault with the code given when it is for nobody
 */
export function ownAddress(format: Shape['format'], code: FaultCode): Where {
  return (ctx, method) => withPostfix(addressOf(ctx, code), ctx, method, format)
}

/**
 * Finds the absolute address a message is for.
 * @throws Fault with the code given when there is none
 */
export function addressOf(ctx: MessageContext, code: FaultCode): string {
  const to = toAddress(ctx)
  if (to !== undefined && /^[a-z][a-z0-9+.-]*:/i.test(to) && !ANONYMOUS.test(to)) return to
  throw new Fault(code, `the message has no address to go to${to ? `: "${to}" is none` : ''}`)
}

/** Makes a sender that goes to the address a message is for: that may stand in the header of a SOAP message. */
export function toOwnAddress(sender: Sender): Sender {
  return {
    deliver(ctx, timeoutMs) {
      if (!isSoapType(ctx.message.content.mediaType)) return sender.deliver(ctx, timeoutMs)
      return whenWhole(ctx, () => sender.deliver(ctx, timeoutMs))
    },
  }
}

const ANONYMOUS = /addressing\/(?:role\/)?anonymous$/

/** Puts behind an address what followed the path of the service a REST message came to. */
export function withPostfix(
  address: string,
  ctx: MessageContext,
  method: string,
  format: Shape['format'],
): string {
  const postfix = postfixOf(ctx)
  if (postfix === '' || !isRest(ctx, method, format)) return address
  const base = address.endsWith('/') ? address.slice(0, -1) : address
  if (postfix.startsWith('?')) return base + postfix
  return `${base}/${postfix.startsWith('/') ? postfix.slice(1) : postfix}`
}

function postfixOf(ctx: MessageContext): string {
  const extra = ctx.transportIfAny?.extra
  if (extra?.has('REST_URL_POSTFIX')) return String(extra.get('REST_URL_POSTFIX') ?? '')
  return isClientRequest(ctx) ? ctx.origin.request!.postfix : ''
}

function isRest(ctx: MessageContext, method: string, format: Shape['format']): boolean {
  if (format === 'soap11' || format === 'soap12') return false
  return format === 'rest' || method !== 'POST' || !isSoap(ctx)
}
