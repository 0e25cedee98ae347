import { TextDecoder } from 'node:util'
import { ContentError } from './content-error.ts'

const decoders = new Map<string, TextDecoder>()

/**
 * Decodes what was received: by the charset that was named, else by the byte order mark or the declaration of XML,
 * else as UTF-8.
 * @throws ContentError for a charset nobody knows
 */
export function decodeText(bytes: Buffer, charset: string | undefined, isXml: boolean): string {
  const label = (charset ?? (isXml ? charsetOfXml(bytes) : undefined))?.toLowerCase()
  if (label === undefined || label === 'utf-8' || label === 'utf8') return bytes.toString('utf8')
  return decoderOf(label).decode(bytes)
}

function charsetOfXml(bytes: Buffer): string | undefined {
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  if (bytes[0] !== 0x3c || bytes[1] !== 0x3f) return undefined
  return /^<\?xml\s[^>]*?\bencoding\s*=\s*["']([\w.-]+)["']/.exec(bytes.toString('latin1', 0, 200))?.[1]
}

function decoderOf(label: string): TextDecoder {
  const known = decoders.get(label)
  if (known) return known
  try {
    const decoder = new TextDecoder(label)
    decoders.set(label, decoder)
    return decoder
  } catch (error) {
    throw new ContentError(`the payload is in charset ${label}, which is not known here`, error)
  }
}
