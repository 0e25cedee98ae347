// Stays connected: a lost connection is opened again, and the subscription is sent again before anything else. To see it,
// stop the backend and start it again.
//   bin/myelin backend
//   node --conditions=myelin-source examples/client/reconnect.ts
import { connect } from 'myelin'

const client = await connect(process.argv[2] ?? 'ws://localhost:8082/websocket', {
  openMessages: ['subscribe prices'],
  retryConfig: { interval: 0.5, backOffFactor: 2, maxWaitInterval: 20, retryOn: ['connect', 'loss', 1012] },
})
let count = 0
for await (const message of client) {
  console.log(message)
  if (++count === 2) await client.close()
}
