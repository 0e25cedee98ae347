import { posix } from 'node:path'

/** The documents of a description, each by the name it is imported by. */
export type Documents = ReadonlyMap<string, string>

/** The name of the document that imports the others. */
export const MAIN = ''

const QUOTED = `("[^"]*"|'[^']*')`
const ADDRESS = new RegExp(
  `(<(?:[\\w.-]+:)?(?:address\\b[^<>]*?\\slocation|endpoint\\b[^<>]*?\\saddress)\\s*=\\s*)${QUOTED}`,
  'g',
)
const IMPORT = new RegExp(
  `(<(?:[\\w.-]+:)?(?:import|include|redefine|override)\\b[^<>]*?\\s)(schemaLocation|location)(\\s*=\\s*)${QUOTED}`,
  'g',
)
const ENCODING = /^(\s*<\?xml[^<>]*?\sencoding\s*=\s*)("[^"]*"|'[^']*')/

/** Names what a document imports, as `Documents` has it. Addresses of other hosts are none of ours. */
export function importsOf(name: string, text: string): string[] {
  const found = [...text.matchAll(IMPORT)].map(([, , , , value = '']) => unquoted(value))
  return found.filter(isRelative).map(location => joined(name, location))
}

/** How a document that is served is written. */
export interface Rewriting {
  /** Where the service was asked. */
  readonly address: string
  readonly all: Documents
  /** Whether addresses of services stay as they are. */
  readonly keepsAddress: boolean
}

/** Puts the address of the service, and of what is imported, in the place of those written in a document. */
export function rewritten(
  { name, text }: { readonly name: string; readonly text: string },
  { address, all, keepsAddress }: Rewriting,
): string {
  const quoted = `"${escaped(address)}`
  const utf8 = text.replace(ENCODING, '$1"UTF-8"')
  const own = keepsAddress ? utf8 : utf8.replace(ADDRESS, (_all, before: string) => `${before}${quoted}"`)
  return own.replace(IMPORT, (whole, before: string, attribute: string, equals: string, value: string) => {
    const location = unquoted(value)
    const target = all.has(location) ? location : joined(name, location)
    if (location === '' || !all.has(target)) return whole
    const question = attribute === 'location' ? 'wsdl' : 'xsd'
    return `${before}${attribute}${equals}${quoted}?${question}=${encodeURIComponent(target)}"`
  })
}

/** Gives the schemas written in a WSDL, as documents of their own; namespaces declared around them go with them. */
export function schemasIn(wsdl: string): string[] {
  const [root = ''] = /<(?:[\w.-]+:)?(?:definitions|description)\b[^<>]*>/.exec(wsdl) ?? []
  const schemas = wsdl.matchAll(/<((?:[\w.-]+:)?schema)\b([^<>]*)>[\s\S]*?<\/\1\s*>/g)
  return [...schemas].map(([whole, tag = '', attributes = '']) => {
    const outer = [...root.matchAll(/\s(xmlns(?::[\w.-]+)?)\s*=\s*("[^"]*"|'[^']*')/g)]
    const missing = outer.filter(([, name = '']) => !new RegExp(`\\s${name}\\s*=`).test(attributes))
    const declared = missing.map(([, name, value]) => ` ${name}=${value}`).join('')
    return `<${tag}${declared}${whole.slice(tag.length + 1)}`
  })
}

/** Tells which WSDL a document is. */
export function versionOf(wsdl: string): '1.1' | '2.0' {
  return /<(?:[\w.-]+:)?definitions\b/.test(wsdl) ? '1.1' : '2.0'
}

/** Writes text for an attribute in double quotes. */
export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}

function isRelative(location: string): boolean {
  return location !== '' && !/^(?:[a-z][a-z0-9+.-]*:|\/)/i.test(location)
}

function joined(name: string, location: string): string {
  return isRelative(location) ? posix.join(posix.dirname(name || '.'), location) : location
}

function unquoted(value: string): string {
  return value.slice(1, -1).replaceAll('&amp;', '&')
}
