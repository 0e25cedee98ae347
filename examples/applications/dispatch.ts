// A market: each message says what it is for, and finds its hook by that. Answers have the id of what they answer.
//   bin/myelin run examples/applications/dispatch.ts
//   bin/myelin ws ws://localhost:8280/market
// Then type, in two terminals: {"event": "subscribe", "id": 1, "symbol": "ACME"}
//                              {"event": "publish", "symbol": "ACME", "price": 12}
import { bound, type Caller, service } from 'myelin'

interface Message {
  readonly symbol: string
  readonly price: number
}

const symbol = { type: 'string', pattern: '^[A-Z]+$' }
const asking = { type: 'object', required: ['id'], properties: { id: { type: 'integer' } } }
const wanted = { ...asking, required: ['id', 'symbol'], properties: { ...asking.properties, symbol } }
const quote = {
  type: 'object',
  required: ['symbol', 'price'],
  properties: { symbol, price: { type: 'number' } },
}

export default service({
  basePath: '/market',
  dispatcherKey: 'event',
  dispatcherStreamId: 'id',

  onSubscribe: bound(wanted, async (caller: Caller, { symbol }: Message) => {
    await caller.groups.join(`market ${symbol}`)
    return { subscribed: symbol }
  }),

  onPublish: bound(quote, async (caller: Caller, { symbol, price }: Message) => {
    await caller.groups.send(`market ${symbol}`, { symbol, price })
  }),

  onHeartbeat: (_caller: Caller, message: Message) => message,

  routes: {
    'symbols.list': bound(asking, () => ({ symbols: ['ACME', 'ZEUS'] })),
  },

  onSubscribeError: () => ({ error: 'a subscription needs an id and a symbol' }),
  onError: () => ({ error: 'that is not understood' }),
  onUnmatched: () => ({ error: 'nobody knows that event' }),
})
