import type { Build } from '../language/declare.ts'
import type { Span } from '../language/source.ts'
import { boolean, integer, oneOf } from '../language/types.ts'
import type { FrameLogging } from '../websocket/frame-log.ts'
import { type CompressionOptions, type ConnectionOptions, DEFAULT_COMPRESSION } from '../websocket/options.ts'

/** Parameters for the size of what clients send, and for its compression. The original knows none of them. */
export const frameParameters = {
  'ws.max.message.bytes': {
    type: integer({ min: 1 }),
    doc: 'Largest message of a client, in bytes, all its fragments together and inflated; a larger one closes it with 1009. Default the setting transport.ws.max_message_bytes. Not in the original.',
  },
  'ws.max.frame.bytes': {
    type: integer({ min: 1 }),
    doc: 'Largest frame of a client, in bytes as it is sent; a larger one closes it with 1009. Default the setting transport.ws.max_frame_bytes. Not in the original.',
  },
  'ws.pass.fragments': {
    type: boolean,
    doc: 'Whether a message in fragments that is longer than 64 KiB goes on as it comes, from the client and from its backends, where no step looks into it; otherwise it is joined first. Not in the original.',
    default: true,
  },
  'ws.log.frames': {
    type: oneOf('off', 'headers', 'frames'),
    doc: 'Whether each frame of a client and of its backends is logged, at debug: nothing, what its header says, or the first 256 bytes of text too. Default the setting myelin.log.wire. Not in the original.',
  },
  'ws.compression': {
    type: boolean,
    doc: 'Whether messages are compressed for clients that offer permessage-deflate. Not in the original.',
    default: false,
  },
  'ws.compression.threshold': {
    type: integer({ min: 0 }),
    doc: 'From how many bytes on a message is compressed. Not in the original.',
    default: DEFAULT_COMPRESSION.thresholdBytes,
  },
  'ws.compression.context.takeover': {
    type: boolean,
    doc: 'Whether messages may refer back to those before them, which makes them smaller and takes up to 300 KiB for each client. Not in the original.',
    default: DEFAULT_COMPRESSION.keepsContext,
  },
  'ws.compression.window.bits': {
    type: integer({ min: 8, max: 15 }),
    doc: 'How far back compressed data refers, as a power of two: 8 is 256 bytes, 15 is 32 KiB. Not in the original.',
    default: DEFAULT_COMPRESSION.windowBits,
  },
} as const

interface Given {
  readonly 'ws.max.message.bytes': number | undefined
  readonly 'ws.max.frame.bytes': number | undefined
  readonly 'ws.pass.fragments': boolean
  readonly 'ws.log.frames': FrameLogging | undefined
  readonly 'ws.compression': boolean
  readonly 'ws.compression.threshold': number
  readonly 'ws.compression.context.takeover': boolean
  readonly 'ws.compression.window.bits': number
}

/** The values of these parameters. */
export type FrameValues = Given

const OF_COMPRESSION = [
  ['ws.compression.threshold', 'thresholdBytes'],
  ['ws.compression.context.takeover', 'keepsContext'],
  ['ws.compression.window.bits', 'windowBits'],
] as const

/** Gives how clients' messages are compressed; undefined where they are not. */
export function compressionOf(given: Given, build: Build, span: Span): CompressionOptions | undefined {
  if (given['ws.compression']) {
    return {
      thresholdBytes: given['ws.compression.threshold'],
      keepsContext: given['ws.compression.context.takeover'],
      windowBits: given['ws.compression.window.bits'],
    }
  }
  const without = OF_COMPRESSION.find(([name, option]) => given[name] !== DEFAULT_COMPRESSION[option])?.[0]
  if (without !== undefined) {
    const message = `Parameter ${without} has no effect: nothing is compressed.`
    build.warning(span, 'no-effect', message, 'Set ws.compression to true.')
  }
  return undefined
}

/** Gives the limits a service has of its own. */
export function frameLimitsOf(given: Given): Partial<ConnectionOptions> {
  const maxMessageBytes = given['ws.max.message.bytes']
  const maxFrameBytes = given['ws.max.frame.bytes']
  return {
    ...(maxMessageBytes !== undefined && { maxMessageBytes }),
    ...(maxFrameBytes !== undefined && { maxFrameBytes }),
  }
}
