import { Diagnostics } from '../language/diagnostic.ts'
import { Source } from '../language/source.ts'
import { type Element, readXml } from '../language/xml.ts'
import { xmlAttributeText } from '../message/xml/serialize.ts'
import { attributeOf } from './element-content.ts'

interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** Where the address of an endpoint stands, by the kind of endpoint. */
const ADDRESS_ATTRIBUTES: ReadonlyMap<string, string> = new Map([
  ['address', 'uri'],
  ['http', 'uri-template'],
])

/** An artifact whose endpoints have other addresses, and which these are. */
export interface Replaced {
  readonly source: Source
  readonly endpoints: ReadonlySet<string>
}

/**
 * Gives named endpoints the addresses of what stands in for them, wherever in an artifact they stand. A file that is
 * not well-formed comes back as it is: deployment reports it.
 */
export function replaceAddresses(source: Source, addresses: ReadonlyMap<string, string>): Replaced {
  const root = readXml(source, new Diagnostics())
  const edits: Edit[] = []
  const endpoints = new Set<string>()
  const visit = (element: Element): void => {
    const name = element.name === 'endpoint' ? attributeOf(element, 'name') : undefined
    const address = name === undefined ? undefined : addresses.get(name)
    const edit = address === undefined ? undefined : editOf(element, address)
    if (edit) {
      edits.push(edit)
      endpoints.add(name!)
    }
    for (const child of element.children) visit(child)
  }
  if (root) visit(root)
  return {
    source: edits.length === 0 ? source : new Source(source.path, edited(source.text, edits)),
    endpoints,
  }
}

function editOf(endpoint: Element, address: string): Edit | undefined {
  for (const kind of endpoint.children) {
    const wanted = ADDRESS_ATTRIBUTES.get(kind.name)
    const attribute = kind.attributes.find(({ name }) => name === wanted)
    if (!attribute) continue
    const { source, start } = attribute.valueSpan
    const end = source.text.indexOf(source.text[start - 1]!, start)
    return { start, end, text: xmlAttributeText(address) }
  }
  return undefined
}

function edited(text: string, edits: readonly Edit[]): string {
  let result = text
  for (const { start, end, text: replacement } of edits.toReversed())
    result = result.slice(0, start) + replacement + result.slice(end)
  return result
}
