import type { Addressing } from '../core/addressing.ts'
import type { MessageContext } from '../core/context.ts'
import { toAddress } from './to-address.ts'
import { control, textValue, type WellKnown } from './well-known-entry.ts'

/** Who a message is from and for. */
export const addressingProperties: readonly WellKnown[] = [
  ...address(
    'To',
    'to',
    'Address the message is for: what was set, else the WS-Addressing header of a SOAP request, else the endpoint it was given to, else the path of the request.',
    ctx => toAddress(ctx) ?? '',
  ),
  ...address('From', 'from', 'Address the message is from, where it was set.'),
  ...address('ReplyTo', 'replyTo', 'Address answers should go to, where it was set.'),
  ...address('FaultTo', 'faultTo', 'Address faults should go to, where it was set.'),
  ...address(
    'Action',
    'action',
    'The action that was set, else the SOAPAction header.',
    ctx => soapAction(ctx) ?? '',
  ),
  ...address('RelatesTo', 'relatesTo', 'Id of the message this one answers, where it was set.'),
  ...address('MessageID', 'messageId', 'Names the message: `urn:uuid:…`.', ctx => ctx.id),
]

/** The SOAPAction header without its quotes. */
export function soapAction(ctx: MessageContext): string | undefined {
  return ctx.message.headers.get('SOAPAction')?.replace(/^"|"$/g, '')
}

/** Empty text where nothing is known. */
function address(
  name: string,
  field: keyof Addressing,
  doc: string,
  otherwise: (ctx: MessageContext) => string = () => '',
): WellKnown[] {
  return control(name, 'default', doc, {
    get: ctx => ctx.addressingIfAny?.[field] ?? otherwise(ctx),
    set(ctx, value) {
      const address = textValue(value)
      if (address !== undefined) ctx.addressing[field] = address
    },
    remove(ctx) {
      if (ctx.addressingIfAny) ctx.addressingIfAny[field] = undefined
    },
  })
}
