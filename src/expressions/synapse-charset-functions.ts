import { decodeText, encodeText, percentEncode } from './charsets.ts'
import { attempt, onText, type SynapseFunction, takes, textArg } from './synapse-signature.ts'

/** `base64encode`, `urlEncode` and their opposites. */
export const charsetFunctions: Readonly<Record<string, SynapseFunction>> = {
  base64encode: takes(1, 2, (text, charset = 'UTF-8') =>
    attempt(() => encodeText(textArg(text), textArg(charset)).toString('base64')),
  ),
  base64decode: onText(1, text => Buffer.from(text, 'base64').toString('utf8')),
  urlEncode: takes(1, 2, (text, charset = 'UTF-8') =>
    attempt(() => urlEncode(textArg(text), textArg(charset))),
  ),
  urlDecode: onText(1, text => attempt(() => urlDecode(text))),
}

const STAYS = /[A-Za-z0-9.*_-]/

/** As a form is encoded, with `%20` for a space; in another charset than UTF-8 a space stays `+`. */
function urlEncode(text: string, charset: string): string {
  const bytes = encodeText(text, charset)
  const encoded = percentEncode(bytes, byte => byte === 32 || STAYS.test(String.fromCharCode(byte)))
  if (!/^utf-?8$/i.test(charset)) return encoded.replaceAll(' ', '+')
  return encoded.replaceAll(' ', '%20').replaceAll('*', '%2A')
}

function urlDecode(text: string): string {
  if (/%(?![0-9a-fA-F]{2})/.test(text)) throw new Error(`"${text}" has a % without two hexadecimal digits`)
  const bytes = Buffer.from(text.replaceAll('+', ' '))
  const decoded: number[] = []
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] === 37) {
      decoded.push(Number.parseInt(bytes.toString('latin1', i + 1, i + 3), 16))
      i += 2
    } else decoded.push(bytes[i]!)
  }
  return decodeText(Buffer.from(decoded))
}
