// Messages find their hook by a key: {"event": "subscribe", "id": 1, "symbol": "ACME"}
import { bound, service } from 'myelin'

const prices: Readonly<Record<string, readonly number[]>> = { ACME: [12, 13, 11] }

const subscription = {
  type: 'object',
  required: ['symbol'],
  properties: { symbol: { type: 'string' } },
}

export default service({
  basePath: '/prices',
  dispatcherKey: 'event',
  dispatcherStreamId: 'id',

  // Each price is a message of its own, with the id of what asked for it.
  onSubscribe: bound(subscription, async function* (_caller: never, { symbol }: { symbol: string }) {
    for (const price of prices[symbol] ?? []) yield { symbol, price }
  }),

  onHeartbeat: () => ({ event: 'heartbeat' }),

  routes: {
    'symbols.list': () => ({ symbols: Object.keys(prices) }),
  },

  onSubscribeError: (_caller: never, error: Error) => ({ error: error.message }),
  onUnmatched: () => ({ error: 'nobody knows that event' }),
})
