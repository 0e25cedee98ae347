/** What a server answered an upgrade with. */
export interface HttpResponse {
  /** 101 for an upgrade. */
  readonly status: number
  readonly headers: Headers
  /** Undefined for an upgrade, and where it was too long or did not come in whole. */
  readonly body: Buffer | undefined
}

/** Makes it of names and values in turn, as they came. */
export function httpResponse(status: number, raw: readonly string[], body?: Buffer): HttpResponse {
  const headers = new Headers()
  for (let i = 0; i + 1 < raw.length; i += 2) headers.append(raw[i]!, raw[i + 1]!)
  return { status, headers, body }
}
