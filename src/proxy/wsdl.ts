import { readFileSync } from 'node:fs'
import type { DirectAnswer, RequestHead, Route } from '../core/route.ts'
import type { MaybePromise } from '../core/step.ts'
import type { Build } from '../language/declare.ts'
import { attribute, type Config, child, children, literal } from '../language/field.ts'
import type { Span } from '../language/source.ts'
import { name, reference, text } from '../language/types.ts'
import { serializeXml } from '../message/xml/serialize.ts'

const publishFields = {
  key: attribute(reference, { doc: 'Local entry or registry resource that holds it.' }),
  uri: attribute(text, {
    doc: 'Where it is: `file:`, read at deployment, or `http:`, fetched when asked for.',
  }),
  endpoint: attribute(reference, { doc: 'Accepted; the descriptions of WSDL endpoints are not read.' }),
  preservePolicy: attribute(text, { doc: 'Accepted; policies stay in it as they are.' }),
  resource: children(
    {
      location: attribute(name, { doc: 'How it is imported.', required: true }),
      key: attribute(reference, { doc: 'Local entry or registry resource that holds it.', required: true }),
    },
    { doc: 'Something it imports; served at `?xsd=LOCATION`.' },
  ),
  inline: literal({ doc: 'The description itself.' }),
} as const

/** `<publishWSDL>`: a description of the service for those who ask with `?wsdl`. */
export const publishWsdl = child(publishFields, {
  name: 'publishWSDL',
  doc: 'A WSDL for those who ask with `?wsdl`. One that cannot be read is a warning.',
})

type PublishConfig = Config<typeof publishFields>

/** How long fetching a description may take, in milliseconds. */
const FETCH_LIMIT_MS = 10_000

/** Questions about the service rather than messages to it. */
const QUESTION = /^(?:(wsdl2?|policy|info)|(?:wsdl|xsd)(?:=([^&]*))?)$/i

/** Where the description of a service comes from. */
type Read = () => MaybePromise<string | undefined>

/**
 * Gives what answers `GET ?wsdl` and the like, with the addresses in the description those of this service.
 *
 * Compatibility: a service without a description answers 404; the original makes one up.
 */
export function wsdlAnswers(
  config: PublishConfig | undefined,
  what: string,
  isRewritten: boolean,
  build: Build,
  span: Span,
): (head: RequestHead) => Route | undefined {
  const read = config && sourceOf(config, what, build, span)
  const imports = new Map(config?.resource.map(({ location, key }) => [location, key?.name ?? '']))
  for (const { key } of config?.resource ?? []) if (key) build.entry(key)
  return head => {
    if (head.method !== 'GET' || head.path.length === head.target.length) return undefined
    const asked = QUESTION.exec(head.target.slice(head.path.length + 1))
    if (!asked) return undefined
    const location = asked[2] === undefined ? undefined : decode(asked[2])
    if (location !== undefined)
      return { answer: document(build.deployment.entry(imports.get(location) ?? '')?.text) }
    if (asked[1]?.toLowerCase() !== 'wsdl' || !read) return { answer: document(undefined) }
    const found = read()
    const write = (wsdl: string | undefined): DirectAnswer =>
      document(wsdl && isRewritten ? rewritten(wsdl, addressOf(head), imports) : wsdl)
    return { answer: found instanceof Promise ? found.then(write) : write(found) }
  }
}

function sourceOf(config: PublishConfig, what: string, build: Build, span: Span): Read | undefined {
  const { inline, key, uri } = config
  if (inline) {
    const wsdl = serializeXml(inline.xml)
    return () => wsdl
  }
  if (key) {
    build.entry(key)
    return () => build.deployment.entry(key.name)?.text
  }
  const address = uri?.trim() ?? ''
  if (/^https?:/i.test(address)) return () => fetched(address)
  if (/^(?:conf|gov|local|resources):/.test(address)) return () => build.deployment.entry(address)?.text
  if (address === '') {
    const reason = config.endpoint ? 'those of WSDL endpoints are not read' : 'nothing says where it is'
    build.warning(span, 'missing-wsdl', `${what} publishes no WSDL: ${reason}.`)
    return undefined
  }
  try {
    const wsdl = readFileSync(address.replace(/^file:(?:\/\/(?=\/))?/i, ''), 'utf8')
    return () => wsdl
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error)
    build.warning(span, 'missing-wsdl', `${what} publishes no WSDL: ${address} cannot be read (${reason}).`)
    return undefined
  }
}

async function fetched(address: string): Promise<string | undefined> {
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(FETCH_LIMIT_MS) })
    return response.ok ? await response.text() : undefined
  } catch {
    return undefined
  }
}

function document(xml: string | undefined): DirectAnswer {
  if (xml === undefined) {
    const message = 'no such description is published'
    return { status: 404, headers: [['Content-Type', 'application/json']], body: JSON.stringify({ message }) }
  }
  return { status: 200, headers: [['Content-Type', 'text/xml; charset=UTF-8']], body: xml }
}

function addressOf({ isSecure, headers, path }: RequestHead): string {
  return `${isSecure ? 'https' : 'http'}://${String(headers.host ?? 'localhost')}${path}`
}

const ADDRESS = /(<(?:[\w.-]+:)?address\b[^<>]*?\blocation\s*=\s*)("[^"]*"|'[^']*')/g
const IMPORT = /(\b(?:schemaLocation|location)\s*=\s*)("[^"]*"|'[^']*')/g

/** Puts the address of the service, and of what it imports, in the place of those written in it. */
function rewritten(wsdl: string, address: string, imports: ReadonlyMap<string, string>): string {
  const quoted = `"${address.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')}`
  const own = wsdl.replace(ADDRESS, (_all, before: string) => `${before}${quoted}"`)
  if (imports.size === 0) return own
  return own.replace(IMPORT, (all, before: string, value: string) => {
    const location = value.slice(1, -1)
    return imports.has(location) ? `${before}${quoted}?xsd=${encodeURIComponent(location)}"` : all
  })
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
