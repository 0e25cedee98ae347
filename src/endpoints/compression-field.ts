import { attribute, type Config, child } from '../language/field.ts'
import { boolean, integer } from '../language/types.ts'
import { OWN_NAMESPACE } from '../language/xml.ts'
import { type CompressionOptions, DEFAULT_COMPRESSION } from '../websocket/options.ts'

const fields = {
  enable: attribute(boolean, {
    doc: 'Whether compression is offered, whatever the settings say.',
    default: true,
  }),
  threshold: attribute(integer({ min: 0 }), {
    doc: 'From how many bytes on a message is compressed.',
    default: DEFAULT_COMPRESSION.thresholdBytes,
  }),
  contextTakeover: attribute(boolean, {
    name: 'context-takeover',
    doc: 'Whether messages may refer back to those before them, which makes them smaller and takes up to 300 KiB for each link.',
    default: DEFAULT_COMPRESSION.keepsContext,
  }),
  windowBits: attribute(integer({ min: 8, max: 15 }), {
    name: 'window-bits',
    doc: 'How far back compressed data refers, as a power of two: 8 is 256 bytes, 15 is 32 KiB.',
    default: DEFAULT_COMPRESSION.windowBits,
  }),
} as const

/** The `<compression>` of an address: how messages to and from a WebSocket backend are compressed. */
export const compressionField = child(fields, {
  name: 'compression',
  isOwn: true,
  doc: `How messages to and from a WebSocket backend are compressed (permessage-deflate), where the settings \`transport.ws.sender.compression\` are not to hold. It stands in the namespace \`${OWN_NAMESPACE}\`, which the original product reads past.`,
})

/** The values of these fields. */
export type CompressionConfig = Config<typeof fields>

/** Gives what an endpoint says about compression, or what the settings say where it says nothing. */
export function compressionFor(
  config: CompressionConfig | undefined,
  settings: CompressionOptions | undefined,
): CompressionOptions | undefined {
  if (!config) return settings
  if (config.enable === false) return undefined
  return {
    thresholdBytes: config.threshold ?? DEFAULT_COMPRESSION.thresholdBytes,
    keepsContext: config.contextTakeover ?? DEFAULT_COMPRESSION.keepsContext,
    windowBits: config.windowBits ?? DEFAULT_COMPRESSION.windowBits,
  }
}
