type Headers = readonly (readonly [name: string, value: string])[]

/** A WebSocket of an HTTP archive. */
export interface ArchiveEntry {
  readonly url: string
  /** In milliseconds since 1970. */
  readonly startedAt: number
  readonly elapsedMs: number
  /** Whether the server let the client in. */
  readonly isOpen: boolean
  readonly requestHeaders: Headers
  readonly responseHeaders: Headers
  readonly messages: readonly ArchiveMessage[]
  /** How it ended. Browsers say nothing of it. */
  readonly close?: { readonly type: 'send' | 'receive'; readonly time: number } & Readonly<
    Record<string, unknown>
  >
}

/** A message as Chrome writes it: time in seconds, bytes in base64. */
export interface ArchiveMessage {
  readonly type: 'send' | 'receive'
  readonly time: number
  readonly opcode: 1 | 2
  readonly data: string
}

/** Makes a message of an archive; `at` is in milliseconds since 1970. */
export function archiveMessage(
  kind: 'text' | 'binary',
  isSent: boolean,
  at: number,
  data: string | Buffer,
): ArchiveMessage {
  return {
    type: isSent ? 'send' : 'receive',
    time: at / 1000,
    opcode: kind === 'text' ? 1 : 2,
    data: typeof data === 'string' ? data : data.toString('base64'),
  }
}

/** Writes WebSockets as an HTTP archive (HAR 1.2). */
export function archiveText(entries: readonly ArchiveEntry[], version: string): string {
  const log = { version: '1.2', creator: { name: 'Myelin', version }, entries: entries.map(entryRecord) }
  return `${JSON.stringify({ log }, null, 2)}\n`
}

function entryRecord(entry: ArchiveEntry): Record<string, unknown> {
  const { url, startedAt, elapsedMs, isOpen, messages, close } = entry
  return {
    startedDateTime: new Date(startedAt).toISOString(),
    time: elapsedMs,
    request: {
      method: 'GET',
      url,
      httpVersion: 'HTTP/1.1',
      cookies: [],
      headers: entry.requestHeaders.map(named),
      queryString: [...(URL.parse(url)?.searchParams ?? [])].map(named),
      headersSize: -1,
      bodySize: 0,
    },
    response: {
      status: isOpen ? 101 : 0,
      statusText: isOpen ? 'Switching Protocols' : '',
      httpVersion: 'HTTP/1.1',
      cookies: [],
      headers: entry.responseHeaders.map(named),
      content: { size: 0, mimeType: 'x-unknown' },
      redirectURL: '',
      headersSize: -1,
      bodySize: 0,
    },
    cache: {},
    timings: { send: 0, wait: elapsedMs, receive: 0 },
    _resourceType: 'websocket',
    _webSocketMessages: messages,
    ...(close && { _webSocketClose: close }),
  }
}

function named([name, value]: readonly [name: string, value: string]): { name: string; value: string } {
  return { name, value }
}
