/** A message of text, or its first fragment. */
export const TEXT = 1
/** A message of bytes, or its first fragment. */
export const BINARY = 2
/** The first of the control frames; what is below are data. */
export const CLOSE = 8
/** A question whether the peer is there. */
export const PING = 9
/** The answer to it, or a sign of life nobody asked for. */
export const PONG = 10

/** The most a control frame may carry (RFC 6455, 5.5). */
export const MAX_CONTROL_BYTES = 125

const NOTHING_TO_CONTINUE = 'a fragment continues nothing'
const INSIDE_ANOTHER = 'a message begins inside another'

/** What is said of fragments that do not follow one another (RFC 6455, 5.4). */
export const BROKEN_CONTINUATIONS: readonly string[] = [NOTHING_TO_CONTINUE, INSIDE_ANOTHER]

/** What a frame may be on its connection. */
export interface FrameRules {
  /** Whether the peer masks its frames: clients must, servers must not. */
  readonly isMasked: boolean
  /** Whether messages may be compressed (RFC 7692). */
  readonly takesCompressed: boolean
}

/**
 * Says what is wrong with the two bytes every header begins with (RFC 6455, 5.2 and 5.4); undefined where nothing is.
 * `isInside` says whether fragments of a message are still to come.
 */
export function frameProblem(
  first: number,
  second: number,
  { isMasked, takesCompressed }: FrameRules,
  isInside: boolean,
): string | undefined {
  const opcode = first & 0x0f
  const isData = opcode === TEXT || opcode === BINARY
  if ((first & 0x30) !== 0) return 'a reserved bit is set'
  if ((first & 0x40) !== 0 && !(takesCompressed && isData))
    return 'the bit for compression is set where it may not be'
  if (((second & 0x80) !== 0) !== isMasked) return isMasked ? 'a frame has no mask' : 'a frame has a mask'
  if (opcode === 0) return isInside ? undefined : NOTHING_TO_CONTINUE
  if (isData) return isInside ? INSIDE_ANOTHER : undefined
  if (opcode < CLOSE || opcode > PONG) return `the opcode ${opcode} is reserved`
  if ((first & 0x80) === 0) return 'a control frame is fragmented'
  if ((second & 0x7f) > MAX_CONTROL_BYTES) return 'a control frame is larger than 125 bytes'
  if (opcode === CLOSE && (second & 0x7f) === 1) return 'a close frame has half a code'
  return undefined
}
