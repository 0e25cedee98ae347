// Closes the connection. Whoever reads or writes after that gets an error that says so.
//   bin/myelin backend
//   node --conditions=myelin-source examples/client/close.ts
import { ConnectionClosureError, connect } from 'myelin'

const client = await connect(process.argv[2] ?? 'ws://localhost:8082/websocket')
await client.close(4001, 'the shift is over')
const { code, reason } = await client.closed
console.log(`closed with ${code} because of: ${reason}`)

try {
  await client.writeMessage('too late')
} catch (error) {
  if (!(error instanceof ConnectionClosureError)) throw error
  console.log(`${error.code}: ${error.message}`)
}
