// The reader, fed with streams that something happened to.
import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { FrameReader } from '../../src/websocket/frame-reader.ts'
import { cutUp, makeStream, mutate, type Random } from './fuzz-streams.ts'

const LIMITS = { maxMessageBytes: 100_000, maxFrameBytes: 70_000 }

/** Reads pieces, and gives all that came of them, in words. */
function readAll(pieces: readonly Buffer[], isMasked: boolean, takesCompressed: boolean): string[] {
  const events: string[] = []
  let isOver = false
  const note = (event: string): void => {
    if (isOver) throw new Error(`after the end came ${event}`)
    events.push(event)
  }
  const digest = (data: Buffer): string => createHash('sha1').update(data).digest('base64')
  const take = (data: Buffer, isBinary: boolean, kind: string): void => {
    if (data.length > LIMITS.maxMessageBytes) throw new Error(`a message of ${data.length} bytes`)
    note(`${kind} ${isBinary} ${data.length} ${digest(data)}`)
  }
  const end = (event: string): void => {
    note(event)
    isOver = true
  }
  const reader: FrameReader = new FrameReader(
    { isMasked, takesCompressed, ...LIMITS },
    {
      onMessage(data, isBinary) {
        if (!isBinary && !isUtf8(data)) throw new Error('text that is no UTF-8')
        take(data, isBinary, 'message')
      },
    },
    {
      onPingFrame: data => note(`ping ${data.length}`),
      onPongFrame: data => note(`pong ${data.length}`),
      onCloseFrame: (code, reason) => end(`close ${code} ${reason}`),
      onCompressed: (data, isBinary) => take(data, isBinary, 'compressed'),
      onViolation: ({ closeCode }) => end(`violation ${closeCode}`),
    },
  )
  for (const piece of pieces) {
    let rest: Buffer | undefined = piece
    while (rest) {
      rest = reader.read(rest)
      if (reader.isWaiting) reader.proceed()
    }
  }
  return events
}

/** Feeds the reader with one stream, whole and cut up; what comes of it must be the same. Gives how many frames. */
export function fuzzReader(random: Random): { frames: number; isRefused: boolean } {
  const isMasked = random.oneIn(2)
  const takesCompressed = random.oneIn(2)
  const stream = makeStream(random, 1 + random.below(30), isMasked, takesCompressed)
  const { bytes, isWhole } = mutate(random, stream)
  const whole = readAll([Buffer.from(bytes)], isMasked, takesCompressed)
  const cut = readAll(cutUp(random, bytes), isMasked, takesCompressed)
  const refused = whole.find(event => event.startsWith('violation'))
  if (whole.join() !== cut.join())
    throw new Error(`cut up it is ${cut.join('; ')} and whole ${whole.join('; ')}: ${bytes.toString('hex')}`)
  if (isWhole) {
    const messages = whole.filter(event => /^(?:message|compressed)/.test(event)).length
    if (refused !== undefined || messages !== stream.meant.length)
      throw new Error(`a stream that is right came to ${whole.join('; ')}`)
  }
  return { frames: stream.frames.length, isRefused: refused !== undefined }
}
