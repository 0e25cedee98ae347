import type { HttpResponse } from '../services/web-socket-error.ts'

/** Makes it of names and values in turn, as they came. */
export function httpResponse(status: number, raw: readonly string[], body?: Buffer): HttpResponse {
  const headers = new Headers()
  for (let i = 0; i + 1 < raw.length; i += 2) headers.append(raw[i]!, raw[i + 1]!)
  return { status, headers, body }
}
