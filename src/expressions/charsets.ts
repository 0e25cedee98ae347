/**
 * Writes text in a charset, named as Java does.
 * @throws Error for a charset nobody here writes
 */
export function encodeText(text: string, charset = 'UTF-8'): Buffer {
  switch (charset.toUpperCase().replaceAll('_', '-')) {
    case 'UTF-8':
    case 'UTF8':
      return Buffer.from(text, 'utf8')
    case 'US-ASCII':
    case 'ASCII':
      return Buffer.from(text.replace(/[^\x00-\x7f]/gu, '?'), 'latin1')
    case 'ISO-8859-1':
    case 'LATIN1':
      return Buffer.from(text.replace(/[^\x00-\xff]/gu, '?'), 'latin1')
    case 'UTF-16LE':
      return Buffer.from(text, 'utf16le')
    case 'UTF-16BE':
      return Buffer.from(text, 'utf16le').swap16()
    case 'UTF-16':
      return Buffer.from(`\ufeff${text}`, 'utf16le').swap16()
    default:
      throw new Error(`the charset ${charset} is not known`)
  }
}

/**
 * Reads text in a charset, named as Java does.
 * @throws Error for a charset nobody knows
 */
export function decodeText(bytes: Buffer, charset = 'UTF-8'): string {
  try {
    return new TextDecoder(charset.toUpperCase() === 'UTF-16' ? 'utf-16be' : charset).decode(bytes)
  } catch {
    throw new Error(`the charset ${charset} is not known`)
  }
}

/** Escapes every byte but those that stand for themselves. */
export function percentEncode(bytes: Buffer, stays: (byte: number) => boolean): string {
  let text = ''
  for (const byte of bytes) {
    text += stays(byte) ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return text
}
