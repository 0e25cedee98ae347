import type { Duplex } from 'node:stream'
import type { LogFields, Logger } from '../core/logger.ts'
import { FrameTap, type SeenFrame } from './frame-tap.ts'

/** How much of the frames of a connection is logged: nothing, what their headers say, or the beginning of text too. */
export type FrameLogging = 'off' | 'headers' | 'frames'

/** As much of a text is shown, in bytes. */
const MAX_SHOWN_BYTES = 256

/** Where the frames of a connection are logged. */
export interface FrameLog {
  readonly log: Logger
  /** What stands in front of its lines. */
  readonly label: string
  /** What tells the connection apart. */
  readonly fields: LogFields
  /** Whose connection it is. */
  readonly leg: 'client' | 'backend'
  readonly shows: Exclude<FrameLogging, 'off'>
}

const OPCODES: readonly (string | undefined)[] = ['continuation', 'text', 'binary']
const CONTROL: readonly (string | undefined)[] = ['close', 'ping', 'pong']

/**
 * Logs every frame of a socket at `debug`, one line each, with the beginning of text where that is wanted. Call it before
 * the connection takes the socket. A connection that is not logged knows nothing of it.
 */
export function logFrames(socket: Duplex, target: FrameLog): void {
  const maxBytes = target.shows === 'frames' ? MAX_SHOWN_BYTES : 0
  const incoming = new FrameTap(maxBytes, frame => log(target, 'in', frame))
  const outgoing = new FrameTap(maxBytes, frame => log(target, 'out', frame))
  // Before what was read is unmasked, where it lies.
  socket.on('data', (chunk: Buffer) => incoming.push(chunk))
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean
  socket.write = (chunk: unknown, ...more: unknown[]): boolean => {
    if (chunk instanceof Uint8Array) outgoing.push(chunk)
    return write(chunk, ...more)
  }
}

function log({ log, label, fields, leg }: FrameLog, direction: 'in' | 'out', frame: SeenFrame): void {
  if (!log.isLevelEnabled('debug')) return
  const { opcode, bytes, isFinal, isCompressed, shown } = frame
  const name = (opcode < 8 ? OPCODES[opcode] : CONTROL[opcode - 8]) ?? `opcode ${opcode}`
  const all: Record<string, unknown> = { ...fields, leg, direction, opcode: name, bytes }
  if (!isFinal) all.final = false
  if (isCompressed) all.compressed = true
  if (opcode === 8 && shown.length >= 2) {
    all.code = shown.readUInt16BE(0)
    all.reason = shown.toString('utf8', 2)
  } else if (frame.isText && shown.length > 0) all.text = textOf(shown, bytes > shown.length)
  log.debug(all, `${label}${leg} ${direction === 'in' ? '<<' : '>>'} ${name}, ${bytes} bytes`)
}

/** A text as far as it is shown; where it goes on it may end inside a character. */
function textOf(shown: Buffer, goesOn: boolean): string {
  const text = shown.toString()
  return goesOn ? `${text.replace(/\uFFFD+$/, '')}…` : text
}
