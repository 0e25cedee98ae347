import { createHash, randomBytes } from 'node:crypto'

/** Names the frame types of RFC 6455, 5.2 that the load generator and the backend meet. */
export const OPCODE = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** Holds the bit that marks the last frame of a message (RFC 6455, 5.2). */
export const FIN = 0x80

const MASKED = 0x80
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** Gives the bytes a frame header takes for a length byte (its mask bit removed), the mask key not counted. */
export function headerBytes(lengthByte: number): number {
  if (lengthByte < 126) return 2
  return lengthByte === 126 ? 4 : 10
}

/** Reads the payload length of the frame that starts at an offset; its whole header has to be there. */
export function payloadBytes(bytes: Buffer, at: number): number {
  const length = bytes[at + 1]! & 0x7f
  if (length < 126) return length
  return length === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
}

/** Makes one whole masked frame, as a client sends it. */
export function clientFrame(opcode: number, payload: Uint8Array): Buffer {
  const length = payload.length
  const lengthByte = length < 126 ? length : length < 65_536 ? 126 : 127
  const header = headerBytes(lengthByte)
  const frame = Buffer.alloc(header + 4 + length)
  frame[0] = FIN | opcode
  frame[1] = MASKED | lengthByte
  if (lengthByte === 126) frame.writeUInt16BE(length, 2)
  if (lengthByte === 127) frame.writeBigUInt64BE(BigInt(length), 2)

  // Never an all-zero key: unmasking with it could be skipped, which would flatter whoever skips it.
  const key = randomBytes(4).map(byte => byte | 1)
  frame.set(key, header)
  for (let i = 0; i < length; i++) frame[header + 4 + i] = payload[i]! ^ key[i & 3]!
  return frame
}

/** Gives the text of an upgrade request for a `ws:` address (RFC 6455, 4.1). */
export function upgradeRequest(url: URL): string {
  return [
    `GET ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    '\r\n',
  ].join('\r\n')
}

/** Gives the value of `Sec-WebSocket-Accept` for a key (RFC 6455, 4.2.2). */
export function acceptOf(key: string): string {
  return createHash('sha1')
    .update(key + GUID)
    .digest('base64')
}

/** Gives readable ASCII of exactly so many bytes: what text messages carry, and HTTP bodies. */
export function prose(bytes: number): Buffer {
  return Buffer.alloc(bytes, 'The quick brown fox jumps over the lazy dog. ', 'latin1')
}
