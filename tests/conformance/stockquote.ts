import type { BackendSpec } from './case.ts'
import type { Answering, HttpAnswer, RecordedRequest } from './http-backend.ts'
import { elementsOf, isEnvelope, payloadOf, readXml, type XmlNodeView } from './xml.ts'

type Protocol = 'soap11' | 'soap12' | 'plain'

const MEDIA_TYPES: Readonly<Record<Protocol, string>> = {
  soap11: 'text/xml',
  soap12: 'application/soap+xml',
  plain: 'application/xml',
}
const ENVELOPES = {
  soap11: 'http://schemas.xmlsoap.org/soap/envelope/',
  soap12: 'http://www.w3.org/2003/05/soap-envelope',
} as const

/** The stock quote service that examples of the language call: quotes, and orders without an answer. */
export function answerQuote({ vary = false, pad = 0 }: Pick<BackendSpec, 'vary' | 'pad'>): Answering {
  let calls = 0
  return request => {
    const { protocol, payload } = understand(request)
    const operation = request.method === 'POST' ? payload?.localName : undefined
    if (operation === 'getQuote' || operation === 'getSimpleQuote') {
      calls++
      const quote = quoteOf(symbolIn(payload!) ?? '', vary ? calls : 0)
      return padded(answer(200, protocol, quoteResponse(operation, quote)), pad)
    }
    if (operation === 'placeOrder') return { status: 202 }
    const reason = `there is no operation ${operation ?? `for ${request.method} with this body`}`
    return answer(500, protocol, faultOf(protocol, reason))
  }
}

function understand({ body, headers }: RecordedRequest): { protocol: Protocol; payload?: XmlNodeView } {
  try {
    const root = readXml(body)
    if (!isEnvelope(root)) return { protocol: 'plain', payload: root }
    const protocol = root.uri === ENVELOPES.soap12 ? 'soap12' : 'soap11'
    const payload = payloadOf(root)
    return payload === root ? { protocol } : { protocol, payload }
  } catch {
    return { protocol: headers['content-type']?.startsWith('application/soap+xml') ? 'soap12' : 'soap11' }
  }
}

function symbolIn(element: XmlNodeView): string | undefined {
  if (element.localName === 'symbol')
    return element.children.filter(child => typeof child === 'string').join('')
  for (const child of elementsOf(element)) {
    const found = symbolIn(child)
    if (found !== undefined) return found
  }
  return undefined
}

function quoteOf(symbol: string, variation: number): Record<string, string | number> {
  return {
    change: 4.25 + variation / 100,
    earnings: 12.5,
    high: 154.75,
    last: 153.5 + variation / 100,
    lastTradeTimestamp: 'Mon Jan 05 10:00:00 UTC 2026',
    low: 147.25,
    marketCap: 55200000.5,
    name: `${symbol} Company`,
    open: 149.25,
    peRatio: 24.5,
    percentageChange: 2.85,
    prevClose: 149.25,
    symbol,
    volume: 7600,
  }
}

function quoteResponse(operation: string, quote: Record<string, string | number>): string {
  const fields = Object.entries(quote).map(
    ([name, value]) => `<ax21:${name}>${escapeXml(String(value))}</ax21:${name}>`,
  )
  return `<ns:${operation}Response xmlns:ns="http://services.samples"><ns:return xmlns:ax21="http://services.samples/xsd">${fields.join('')}</ns:return></ns:${operation}Response>`
}

function faultOf(protocol: Protocol, reason: string): string {
  if (protocol === 'soap12') {
    return `<soapenv:Fault><soapenv:Code><soapenv:Value>soapenv:Receiver</soapenv:Value></soapenv:Code><soapenv:Reason><soapenv:Text xml:lang="en">${escapeXml(reason)}</soapenv:Text></soapenv:Reason></soapenv:Fault>`
  }
  const [prefix, declaration] =
    protocol === 'soap11' ? ['soapenv', ''] : ['soapenv', ` xmlns:soapenv="${ENVELOPES.soap11}"`]
  return `<${prefix}:Fault${declaration}><faultcode>${prefix}:Server</faultcode><faultstring>${escapeXml(reason)}</faultstring></${prefix}:Fault>`
}

function answer(status: number, protocol: Protocol, payload: string): HttpAnswer {
  const body =
    protocol === 'plain'
      ? payload
      : `<?xml version='1.0' encoding='UTF-8'?><soapenv:Envelope xmlns:soapenv="${ENVELOPES[protocol]}"><soapenv:Body>${payload}</soapenv:Body></soapenv:Envelope>`
  return { status, headers: { 'Content-Type': `${MEDIA_TYPES[protocol]}; charset=UTF-8` }, body }
}

/** White space within the payload survives a mediation that builds it. */
function padded(answer: HttpAnswer, bytes: number): HttpAnswer {
  const body = String(answer.body)
  const missing = bytes - Buffer.byteLength(body)
  return missing <= 0
    ? answer
    : { ...answer, body: body.replace('</ns:return>', `${' '.repeat(missing)}</ns:return>`) }
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
