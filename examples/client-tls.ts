// Trusts a server by its certificate, a PEM file.
import { connect } from 'myelin'

const [url = 'wss://localhost:8443/websocket', cert = 'certificates/public.crt'] = process.argv.slice(2)
const client = await connect(url, { secureSocket: { cert } })
await client.writeMessage('Text message')
console.log(client.isSecure(), await client.readMessage())
await client.close()
