import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { WebSocket } from 'ws'
import { inTurns } from './generator.ts'

// Clients that say `CLIENT NUMBER` so many times a second, for so many seconds, and listen for --rest more. With
// --again a client that is closed connects again at once, as often as it takes. Prints READY when all are connected,
// and one line of JSON at the end.
const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    clients: { type: 'string', default: '10' },
    rate: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '10' },
    rest: { type: 'string', default: '3' },
    again: { type: 'boolean', default: false },
  },
})
const count = Number(values.clients)
const sent = Array.from({ length: count }, () => 0)
const sockets: WebSocket[] = []
const result = { closed: 0, connections: 0, heard: 0, codes: {} as Record<number, number> }
let isOver = false

function open(i: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(values.url!, { perMessageDeflate: false })
    sockets[i] = socket
    socket.on('open', () => {
      result.connections++
      resolve()
    })
    socket.on('message', () => result.heard++)
    socket.on('error', reject)
    socket.on('close', code => {
      if (isOver) return
      result.closed++
      result.codes[code] = (result.codes[code] ?? 0) + 1
      if (values.again) open(i).catch(() => {})
    })
  })
}

await inTurns(
  sent.map((_, i) => i),
  open,
)
console.log('READY')

const rate = Number(values.rate)
const until = performance.now() + Number(values.seconds) * 1000
const from = performance.now()
/** All clients together say so much, in bursts this far apart. */
const BURST_MS = 5
let said = 0
while (performance.now() < until) {
  const due = ((performance.now() - from) / 1000) * rate * count
  for (; said < due; said++) {
    const i = said % count
    if (sockets[i]?.readyState === WebSocket.OPEN) sockets[i].send(`${i} ${sent[i]!++}`)
  }
  await sleep(BURST_MS)
}
await sleep(Number(values.rest) * 1000)
isOver = true
console.log(JSON.stringify({ ...result, sent }))
process.exit(0)
