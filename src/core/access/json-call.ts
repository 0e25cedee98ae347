import type { ClientRequest, IncomingMessage } from 'node:http'

/** A request whose answer is JSON. */
export interface JsonCall {
  readonly url: URL
  /** Sent as a form by POST; without it the request is a GET. */
  readonly form?: URLSearchParams
  readonly headers: Readonly<Record<string, string>>
  /** How long all of it may take, in milliseconds. */
  readonly timeoutMs: number
  /** Certificates of the authorities that the server may come from, as PEM; default those of the system. */
  readonly ca?: string | undefined
}

/** No key set and no answer about a token is larger, in bytes. */
const MOST_BYTES = 1024 * 1024

/**
 * Asks a server for JSON. Redirects are not followed.
 * @throws Error with what went wrong; nothing of the request is in it
 */
export async function callJson(call: JsonCall): Promise<unknown> {
  try {
    return await ask(call)
  } catch (error) {
    // The server may have closed a connection that was kept, just then.
    if (!(error instanceof LostError)) throw error
    return ask(call)
  }
}

/** A connection that was kept is not there any more. */
class LostError extends Error {}

function ask(call: JsonCall): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const request = begin(call)
    const timer = setTimeout(
      () => request.destroy(new Error(`it did not answer within ${call.timeoutMs} ms`)),
      call.timeoutMs,
    )
    request.on('close', () => clearTimeout(timer))
    request.on('response', response => read(response).then(resolve, reject))
    request.on('error', (error: NodeJS.ErrnoException) => {
      const isLost = request.reusedSocket && error.code === 'ECONNRESET'
      reject(isLost ? new LostError(error.message) : error)
    })
    request.end(call.form?.toString())
  })
}

function begin({ url, form, headers, ca }: JsonCall): ClientRequest {
  const options = {
    method: form ? 'POST' : 'GET',
    headers: {
      Accept: 'application/json',
      ...(form && { 'Content-Type': 'application/x-www-form-urlencoded' }),
      ...headers,
    },
  }
  // To import a value of node:http as a module loads all it exports, an HTTP client and a WebSocket among them.
  return url.protocol === 'https:'
    ? process.getBuiltinModule('node:https').request(url, { ...options, ca })
    : process.getBuiltinModule('node:http').request(url, options)
}

async function read(response: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MOST_BYTES) throw new Error('its answer is too large')
    chunks.push(chunk)
  }
  if (response.statusCode !== 200) throw new Error(`it answered with status ${response.statusCode}`)
  try {
    return JSON.parse(Buffer.concat(chunks).toString()) as unknown
  } catch {
    throw new Error('its answer is no JSON')
  }
}
