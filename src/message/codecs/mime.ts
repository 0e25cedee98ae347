import { ContentError } from '../content-error.ts'
import { parameterOf } from '../content-type.ts'

/** A part of a multipart payload. */
export interface MimePart {
  /** Names in lower case; each byte of a value is a character. */
  readonly headers: ReadonlyMap<string, string>
  /** As it came, or is to be written: in the encoding that Content-Transfer-Encoding names. */
  readonly body: Buffer
}

const MAX_PARTS = 1_000
const MAX_HEADERS = 16_384
const LINE_END = '\r\n'

/**
 * Splits a multipart payload into its parts (RFC 2046, 5.1). Strict: lines end in CR LF, and the boundary that ends
 * the last part must be there.
 *
 * Written by us: a payload is read in one go, in the middle of a step that does not wait, and what there is on the
 * registry reads streams or gives promises.
 * @throws ContentError with the byte at which it goes wrong
 */
export function splitMime(bytes: Buffer, boundary: string): MimePart[] {
  if (!/^.{1,70}$/.test(boundary)) throw wrong('the boundary has no or more than 70 characters', 0)
  const delimiter = Buffer.from(`${LINE_END}--${boundary}`, 'latin1')
  const parts: MimePart[] = []
  let line = firstDelimiter(bytes, delimiter)
  while (!line.isLast) {
    const next = nextDelimiter(bytes, delimiter, line.end - LINE_END.length)
    parts.push(readPart(bytes, line.end, Math.max(line.end, next.start)))
    if (parts.length > MAX_PARTS) throw wrong(`there are more than ${MAX_PARTS} parts`, line.end)
    line = next
  }
  return parts
}

/** Joins parts; the boundary must not occur in them. */
export function joinMime(parts: readonly MimePart[], boundary: string): Buffer {
  const pieces: Buffer[] = []
  for (const { headers, body } of parts) {
    const lines = [...headers].map(([name, value]) => `${name}: ${value}${LINE_END}`)
    pieces.push(Buffer.from(`--${boundary}${LINE_END}${lines.join('')}${LINE_END}`, 'latin1'))
    pieces.push(body, Buffer.from(LINE_END))
  }
  pieces.push(Buffer.from(`--${boundary}--${LINE_END}`, 'latin1'))
  return Buffer.concat(pieces)
}

/** The bytes a part stands for, its transfer encoding undone. */
export function decodedBody({ headers, body }: MimePart): Buffer {
  switch (headers.get('content-transfer-encoding')?.trim().toLowerCase()) {
    case 'base64':
      return Buffer.from(body.toString('latin1'), 'base64')
    case 'quoted-printable':
      return Buffer.from(
        body
          .toString('latin1')
          .replace(/[ \t]*=[ \t]*\r?\n/g, '')
          .replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
        'latin1',
      )
    default:
      return body
  }
}

/** Reads a parameter of a part's header, as text. */
export function partParameter({ headers }: MimePart, header: string, name: string): string | undefined {
  const value = headers.get(header)
  const found = value === undefined ? undefined : parameterOf(value, name)
  return found === undefined ? undefined : Buffer.from(found, 'latin1').toString('utf8')
}

interface Delimiter {
  /** Where the part before it ends. */
  readonly start: number
  /** Just after its line. */
  readonly end: number
  readonly isLast: boolean
}

function firstDelimiter(bytes: Buffer, delimiter: Buffer): Delimiter {
  const bare = delimiter.subarray(LINE_END.length)
  if (bytes.subarray(0, bare.length).equals(bare)) {
    const found = delimiterAt(bytes, 0, bare.length)
    if (found) return found
  }
  return nextDelimiter(bytes, delimiter, 0)
}

function nextDelimiter(bytes: Buffer, delimiter: Buffer, from: number): Delimiter {
  for (let at = from; ; at++) {
    at = bytes.indexOf(delimiter, at)
    if (at < 0) throw wrong('a boundary is missing', bytes.length)
    const found = delimiterAt(bytes, at, at + delimiter.length)
    if (found) return found
  }
}

/** A boundary may go on with letters: then it is another one's, and part of the content. */
function delimiterAt(bytes: Buffer, start: number, afterBoundary: number): Delimiter | undefined {
  if (bytes[afterBoundary] === 0x2d && bytes[afterBoundary + 1] === 0x2d)
    return { start, end: afterBoundary + 2, isLast: true }
  let end = afterBoundary
  while (bytes[end] === 0x20 || bytes[end] === 0x09) end++
  if (bytes[end] !== 0x0d || bytes[end + 1] !== 0x0a) return undefined
  return { start, end: end + 2, isLast: false }
}

function readPart(bytes: Buffer, start: number, end: number): MimePart {
  const part = bytes.subarray(start, end)
  const isBare = part[0] === 0x0d && part[1] === 0x0a
  const headersEnd = isBare ? 0 : part.subarray(0, MAX_HEADERS).indexOf(`${LINE_END}${LINE_END}`)
  if (headersEnd < 0) throw wrong('the headers of a part do not end', start)
  const headers = new Map<string, string>()
  const lines = part.toString('latin1', 0, headersEnd).replace(/\r\n[ \t]+/g, ' ')
  for (const line of lines === '' ? [] : lines.split(LINE_END)) {
    const header = /^([!#$%&'*+\-.^`|~\w]+)[ \t]*:[ \t]*([^\r\n]*?)[ \t]*$/.exec(line)
    if (!header) throw wrong('a header of a part cannot be read', start)
    headers.set(header[1]!.toLowerCase(), header[2]!)
  }
  return { headers, body: part.subarray(headersEnd + (isBare ? 2 : 4)) }
}

function wrong(what: string, at: number): ContentError {
  return new ContentError(`the payload is no multipart: ${what}, at byte ${at}`)
}
