import { createServer } from 'node:http'
import { setTimeout as later } from 'node:timers'
import { parseArgs } from 'node:util'
import { WebSocketServer } from 'ws'

// The WebSocket backend behind `pairs`: answers each message with itself, in an order that has nothing to do with
// that of the questions. Most answers take between --from and --to milliseconds; of a hundred some --late come
// between 100 ms and two seconds after --timeout. What warms up the subject is answered at once and not counted. GET on any path tells what was done; an answer whose connection is
// not there any more counts as abandoned.
const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    timeout: { type: 'string', default: '5000' },
    from: { type: 'string', default: '0' },
    to: { type: 'string', default: '100' },
    late: { type: 'string', default: '1' },
  },
})
const timeoutMs = Number(values.timeout)
const fromMs = Number(values.from)
const toMs = Number(values.to)
const lateShare = Number(values.late) / 100

const done = { messages: 0, late: 0, abandoned: 0, waiting: 0, mostWaiting: 0 }

/** WS-Addressing names the same id differently on the way back. */
function replyTo(text: string): string {
  return text.startsWith('<') ? text.replaceAll('MessageID', 'RelatesTo') : text
}

const server = createServer((request, response) => {
  request.resume()
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(done))
})

new WebSocketServer({ server, perMessageDeflate: false }).on('connection', socket => {
  socket.on('message', data => {
    const reply = replyTo(String(data))
    if (reply.includes('warm-up-')) {
      socket.send(reply)
      return
    }
    const ms =
      Math.random() < lateShare
        ? timeoutMs + 100 + Math.random() * 1900
        : fromMs + Math.random() * (toMs - fromMs)
    const arrivedAt = performance.now()
    done.messages++
    done.waiting++
    done.mostWaiting = Math.max(done.mostWaiting, done.waiting)
    later(() => {
      done.waiting--
      if (socket.readyState !== socket.OPEN) {
        done.abandoned++
        return
      }
      // Also one that this process was too busy to send in time.
      if (performance.now() - arrivedAt > timeoutMs) done.late++
      socket.send(reply)
    }, ms)
  })
  socket.on('error', () => socket.terminate())
})

server.listen({ host: '127.0.0.1', port: Number(values.port), backlog: 4096 }, () => console.log('ready'))
