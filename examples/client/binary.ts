// Sends bytes, and reads the bytes that come back; then the same word as text and as bytes.
//   bin/myelin backend
//   node --conditions=myelin-source examples/client/binary.ts
import { connect } from 'myelin'

const client = await connect(process.argv[2] ?? 'ws://localhost:8082/websocket')
await client.writeMessage(Uint8Array.of(1, 2, 3))
console.log(await client.readMessage())

await client.writeTextMessage('by name')
console.log(await client.readTextMessage())
await client.writeBinaryMessage(Buffer.from('by name'))
console.log((await client.readBinaryMessage()).toString())
await client.close()
