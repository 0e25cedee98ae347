import { parseXml } from '../../src/message/xml/parse.ts'
import type { XmlElement } from '../../src/message/xml/tree.ts'
import { log } from '../mediation-service.ts'

/** Work that a sequence does, written out: bytes of a message in, bytes of the answer out. */
export type ByHand = (body: Buffer) => Buffer

interface Order {
  readonly id: string
  readonly kind: string
  readonly amount: number
  readonly customer: { readonly name: string }
}

const MONEY = /^(?:debit|credit)$/u

/** What one would write for each case. The XML is parsed by the parser the gateway uses. */
export const byHand = {
  route(body: Buffer): Buffer {
    const order = JSON.parse(body.toString('utf8')) as Order
    const properties = new Map<string, string>()
    properties.set('kind', order.kind)
    log.info({ sequence: 'bench' }, `{proxy:bench} id = ${order.id}, kind = ${properties.get('kind')}`)
    if (!MONEY.test(properties.get('kind') ?? '')) return Buffer.alloc(0)
    properties.set('lane', 'money')
    return body
  },

  lastSymbol(body: Buffer): Buffer {
    const envelope = parseXml(body.toString('utf8')).documentElement!
    const soap = envelope.namespaceURI
    const order = envelope.child(soap, 'Body')!.child('urn:orders', 'order')!
    let last: XmlElement | undefined
    for (const child of order.children) if (child.localName === 'item') last = child
    const properties = new Map([['symbol', last!.child('urn:orders', 'symbol')!.text]])
    return properties.size > 0 ? body : Buffer.alloc(0)
  },

  reshape(body: Buffer): Buffer {
    const { id, amount, customer } = JSON.parse(body.toString('utf8')) as Order
    return Buffer.from(JSON.stringify({ order: id, total: amount, customer: { name: customer.name } }))
  },
} satisfies Record<string, ByHand>
