/** An HTTP answer that is all there. */
export interface HttpAnswer {
  readonly status: number
  /** As latin1. */
  readonly body: string
}

const END_OF_HEAD = '\r\n\r\n'

/** Reads the one answer a text (latin1) begins with; undefined when it is not all there. */
export function readAnswer(text: string): HttpAnswer | undefined {
  const headEnd = text.indexOf(END_OF_HEAD)
  if (headEnd < 0) return undefined
  // "HTTP/1.1 202 …": the status is always in the same place (RFC 9112, 4).
  const status = Number(text.slice(9, 12))
  const bodyStart = headEnd + END_OF_HEAD.length
  const head = text.slice(0, headEnd)
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)
  if (length !== null) {
    const end = bodyStart + Number(length[1])
    return text.length < end ? undefined : { status, body: text.slice(bodyStart, end) }
  }
  if (!/\r\ntransfer-encoding: *chunked/i.test(head)) return { status, body: '' }
  const body = unchunked(text, bodyStart)
  return body === undefined ? undefined : { status, body }
}

/** Joins the chunks that start at an offset (RFC 9112, 7.1); undefined when the last is missing. No trailers. */
function unchunked(text: string, from: number): string | undefined {
  let body = ''
  let at = from
  for (;;) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const size = Number.parseInt(text.slice(at, lineEnd), 16)
    const end = lineEnd + 2 + size
    if (text.length < end + 2) return undefined
    if (size === 0) return body
    body += text.slice(lineEnd + 2, end)
    at = end + 2
  }
}
