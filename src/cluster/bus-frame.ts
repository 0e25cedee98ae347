/** A message between processes, as it goes over a channel. */
export interface BusFrame {
  readonly sender: string
  readonly topic: string
  readonly message: Buffer
}

const VERSION = 1
const HEAD = 5

/** Puts a message into bytes: a version, the lengths of sender and topic, both as text, and the message as it is. */
export function encodeFrame(sender: string, topic: string, message: Buffer): Buffer {
  const senderBytes = Buffer.byteLength(sender)
  const topicBytes = Buffer.byteLength(topic)
  const start = HEAD + senderBytes + topicBytes
  const frame = Buffer.allocUnsafe(start + message.length)
  frame.writeUInt8(VERSION, 0)
  frame.writeUInt16BE(senderBytes, 1)
  frame.writeUInt16BE(topicBytes, 3)
  frame.write(sender, HEAD)
  frame.write(topic, HEAD + senderBytes)
  message.copy(frame, start)
  return frame
}

/** Takes a message out of bytes; undefined where they are none. */
export function decodeFrame(frame: Buffer): BusFrame | undefined {
  if (frame.length < HEAD || frame.readUInt8(0) !== VERSION) return undefined
  const topicAt = HEAD + frame.readUInt16BE(1)
  const messageAt = topicAt + frame.readUInt16BE(3)
  if (messageAt > frame.length) return undefined
  return {
    sender: frame.toString('utf8', HEAD, topicAt),
    topic: frame.toString('utf8', topicAt, messageAt),
    message: frame.subarray(messageAt),
  }
}
