import type { Content } from './content.ts'
import { isUtf8 } from './content-type.ts'

/**
 * Writes a payload where text has to be UTF-8, as in a WebSocket: in another media type, or as it is.
 * @throws ContentError when it has no form in that type, or came in a charset nobody knows
 */
export function utf8Of(content: Content, mediaType: string): Buffer {
  const bytes = content.as(mediaType)
  if (content.form !== 'bytes' || bytes !== content.bytes || content.isBinary) return bytes
  const charset = content.parameter('charset')
  return charset === undefined || isUtf8(charset) ? bytes : Buffer.from(content.text())
}
