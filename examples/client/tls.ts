// Trusts a server by its certificate, a PEM file; examples/services/secure.ts says how one is made, and is such a server.
//   bin/myelin run examples/services/secure.ts
//   node --conditions=myelin-source examples/client/tls.ts
import { connect } from 'myelin'

const [url = 'wss://localhost:9443/basic/ws', cert = 'examples/services/public.crt'] = process.argv.slice(2)
const client = await connect(url, { secureSocket: { cert } })
await client.writeMessage('Text message')
console.log(client.isSecure(), await client.readMessage())
await client.close()
