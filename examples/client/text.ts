// Sends a text message, and reads the answer.
//   bin/myelin backend
//   node --conditions=myelin-source examples/client/text.ts
import { connect } from 'myelin'

const client = await connect(process.argv[2] ?? 'ws://localhost:8082/websocket')
await client.writeMessage('Text message')
const answer = await client.readMessage<string>()
console.log(answer)
await client.close()
