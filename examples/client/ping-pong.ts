// Is told of pings and pongs. What onPing gives is the payload of the pong; without onPing each ping is answered alike.
//   bin/myelin backend
//   node --conditions=myelin-source examples/client/ping-pong.ts
import { connect } from 'myelin'

const ponged = Promise.withResolvers<void>()
const client = await connect(process.argv[2] ?? 'ws://localhost:8082/websocket', {
  pingPongHandler: {
    onPing(data) {
      console.log(`Ping message received: ${data}`)
      return data
    },
    onPong(data) {
      console.log(`Pong message received: ${data}`)
      ponged.resolve()
    },
  },
})
await client.writeMessage('Hello World!')
console.log(await client.readMessage())
await client.ping(Buffer.from('are you there'))
await ponged.promise
await client.close()
