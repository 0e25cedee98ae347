import { openSync, writeSync } from 'node:fs'
import { createServer } from 'node:http'
import { parseArgs } from 'node:util'
import { WebSocketServer } from 'ws'

// The WebSocket backend behind `takeover` and `reconnect`: writes each message to the file --file before anything else,
// so that a kill takes none of them away, one line `m CONNECTION TEXT` each; a line `c MILLISECONDS` for each connection
// it gets, by the clock, and `u` for each upgrade; and `b FROM TO` for a time when it was too busy to look. A message is
// sent back.
const { values } = parseArgs({ options: { port: { type: 'string' }, file: { type: 'string' } } })
const file = openSync(values.file!, 'a')
let connections = 0

const server = createServer()
server.on('connection', () => writeSync(file, `c ${Date.now()}\n`))
new WebSocketServer({ server, perMessageDeflate: false }).on('connection', socket => {
  const id = `${process.pid}-${connections++}`
  writeSync(file, 'u\n')
  socket.on('message', data => {
    writeSync(file, `m ${id} ${data}\n`)
    socket.send(data, { binary: false })
  })
  socket.on('error', () => socket.terminate())
})
const LOOK_MS = 10
let looked = Date.now()
setInterval(() => {
  const now = Date.now()
  if (now - looked > 2 * LOOK_MS) writeSync(file, `b ${looked} ${now}\n`)
  looked = now
}, LOOK_MS)

server.listen({ host: '127.0.0.1', port: Number(values.port), backlog: 4096 }, () => console.log('ready'))
