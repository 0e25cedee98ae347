import { parseArgs } from 'node:util'
import { RedisServer } from '../support/redis.ts'
import { killRound } from './killed-gateway.ts'

// Kills a gateway while messages go through a durable store, again and again, and prints what came of each round.
// `node tests/stores/rounds.ts --rounds 20 --messages 10000 --store embedded`; ends with 1 where something was lost.

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    messages: { type: 'string', default: '10000' },
    clients: { type: 'string', default: '16' },
    kills: { type: 'string', default: '1' },
    store: { type: 'string', default: 'embedded' },
  },
})

if (flags.store !== 'embedded' && flags.store !== 'redis') {
  console.error(`no store is called ${flags.store}; there are embedded and redis`)
  process.exit(2)
}

const options = {
  messages: Number(flags.messages),
  clients: Number(flags.clients),
  kills: Number(flags.kills),
}
const redis = flags.store === 'redis' ? await RedisServer.start({ isDurable: true }) : undefined
const heads = [
  'round',
  'accepted',
  'no answer',
  'delivered',
  'lost',
  'out of order',
  'duplicates',
  'redelivered',
  'imbalance',
  'seconds',
]
console.log(
  `${flags.store}: ${options.messages} messages of ${options.clients} clients, ${options.kills} kills`,
)
console.log(heads.join('  '))
let isSound = true
try {
  for (let number = 1; number <= Number(flags.rounds); number++) {
    const from = performance.now()
    const round = await killRound({ ...options, ...(redis && { redisUrl: redis.url }) })
    const { accepted, unanswered, delivered, lost, outOfOrder, duplicates, redelivered, imbalance } = round
    const seconds = ((performance.now() - from) / 1000).toFixed(1)
    const row = [
      number,
      accepted,
      unanswered,
      delivered,
      lost,
      outOfOrder,
      duplicates,
      redelivered,
      imbalance,
      seconds,
    ]
    console.log(row.map((cell, i) => String(cell ?? '-').padStart(heads[i]!.length)).join('  '))
    isSound &&= lost === 0 && outOfOrder === 0 && (imbalance ?? 0) === 0
  }
} finally {
  await redis?.[Symbol.asyncDispose]()
}
console.log(isSound ? 'nothing was lost, and nothing out of order' : 'FAILED')
process.exitCode = isSound ? 0 : 1
