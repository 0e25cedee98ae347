import type { Addressing } from '../core/addressing.ts'
import type { MessageContext } from '../core/context.ts'
import { setToAddress } from '../expressions/to-address.ts'
import type { ValueType } from '../language/types.ts'

/** The name of a header: of a field of the transport, an address, or a block of a SOAP header. */
export interface HeaderName {
  readonly prefix: string
  readonly localName: string
  /** What the prefix stands for; undefined where it is not declared. */
  readonly namespaceURI: string | undefined
}

/** A header's name as it is written: `Name` or `prefix:Name`. */
export const headerName: ValueType<HeaderName> = {
  name: 'Name or prefix:Name',
  parse(value, { namespaces }) {
    const trimmed = value.trim()
    const colon = trimmed.indexOf(':')
    const prefix = colon < 0 ? '' : trimmed.slice(0, colon)
    return { prefix, localName: trimmed.slice(colon + 1), namespaceURI: namespaces.get(prefix) }
  },
}

type SetAddress = (ctx: MessageContext, value: string | undefined) => void

/** The addresses of a message, each with what sets it; undefined takes it away. */
export const ADDRESSES: ReadonlyMap<string, SetAddress> = new Map<string, SetAddress>([
  ['To', setToAddress],
  ['From', setter('from')],
  [
    'Action',
    (ctx, value) => {
      ctx.addressing.action = value
      // The action a message came with is no longer its own.
      if (value === undefined) ctx.message.headers.delete('SOAPAction')
    },
  ],
  ['FaultTo', setter('faultTo')],
  ['ReplyTo', setter('replyTo')],
  ['RelatesTo', setter('relatesTo')],
])

function setter(field: keyof Addressing): SetAddress {
  return (ctx, value) => {
    ctx.addressing[field] = value
  }
}
