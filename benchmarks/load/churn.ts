import { connect } from 'node:net'
import { parseArgs } from 'node:util'
import { clientFrame, FIN, headerBytes, OPCODE, payloadBytes, prose, upgradeRequest } from './frames.ts'
import { Problems } from './generator.ts'

// Clients that connect, ask once, are answered, and leave: nine of ten with the closing handshake, the tenth by a reset.
// Prints PAUSE after each number of cycles named, and waits for a line on standard input before it goes on.
const { values } = parseArgs({ options: { url: { type: 'string' }, cycles: { type: 'string' } } })

const AT_ONCE = 32
const MOST_MS = 20_000

const url = new URL(values.url!)
const problems = new Problems()
const request = upgradeRequest(url)
const payload = prose(128)
const message = clientFrame(OPCODE.text, payload)
const goodbye = clientFrame(OPCODE.close, Buffer.from([3, 232]))

/** One client's life. Resolves when its socket is closed. */
function live(resets: boolean): Promise<void> {
  return new Promise(resolve => {
    const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true })
    let rest: Buffer = Buffer.alloc(0)
    let isOpen = false
    let isAnswered = false
    const tooLong = setTimeout(() => {
      problems.add('a client was not served in time')
      socket.destroy()
    }, MOST_MS)
    socket.on('data', chunk => {
      rest = Buffer.concat([rest, chunk])
      if (!isOpen) {
        const end = rest.indexOf('\r\n\r\n')
        if (end < 0) return
        if (!rest.toString('latin1').startsWith('HTTP/1.1 101')) problems.add('a client was refused')
        rest = rest.subarray(end + 4)
        isOpen = true
        socket.write(message)
      }
      if (isAnswered || rest.length < 2) return
      const header = headerBytes(rest[1]!)
      if (rest.length < header || rest.length < header + payloadBytes(rest, 0)) return
      if (rest[0] !== (FIN | OPCODE.text) || !rest.subarray(header).equals(payload))
        problems.add('a wrong answer')
      isAnswered = true
      if (resets) socket.resetAndDestroy()
      else socket.write(goodbye)
    })
    socket.on('error', error => problems.add(error.message))
    socket.on('close', () => {
      clearTimeout(tooLong)
      if (!isAnswered) problems.add('a client was not answered')
      resolve()
    })
    socket.write(request)
  })
}

async function cycles(count: number): Promise<void> {
  let left = count
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left--
      await live(left % 10 === 0)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

let done = 0
for (const stop of values.cycles!.split(',').map(Number)) {
  await cycles(stop - done)
  done = stop
  console.log(`DONE ${JSON.stringify({ done, problems: problems.list })}`)
  await new Promise(resolve => process.stdin.once('data', resolve))
}
process.exit(0)
