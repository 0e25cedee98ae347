import { nextNode } from './order.ts'
import { XML_NAMESPACE, type XmlAttribute, type XmlElement, type XmlNode, type XmlText } from './tree.ts'

/** How `serializeXml` writes. */
export interface XmlSerializeOptions {
  /** Puts `<?xml version="1.0" encoding="UTF-8"?>` in front. Off unless asked for. */
  readonly declaration?: boolean
}

/**
 * Writes a node as XML 1.0. Prefixes, declarations, CDATA sections and comments come out as they stand in the
 * tree; a declaration that is missing, because the node was moved here or is written without its ancestors,
 * is added where it is first needed. Declarations come before attributes.
 * @throws Error when a value cannot be written, such as U+0001 in a text or `--` in a comment
 */
export function serializeXml(node: XmlNode, options: XmlSerializeOptions = {}): string {
  const out = { text: options.declaration ? '<?xml version="1.0" encoding="UTF-8"?>' : '' }
  const scope = new Scope()
  let at: XmlNode | null = node
  while (at) {
    writeStart(at, out, scope)
    const next = nextNode(at, node)
    // Whatever is left on the way to the next node ends here.
    if (!at.firstChild) {
      for (let ended: XmlNode | null = at; ended && ended !== next?.parentNode; ended = ended.parentNode) {
        if (ended.nodeType === 1) writeEnd(ended, out, scope)
        if (ended === node) break
      }
    }
    at = next
  }
  return out.text
}

/** Whatever has to be escaped somewhere, cannot be written, or is half of a surrogate pair. Most texts have none. */
const SPECIAL = /[\0-\x1f&<>"\ud800-\udfff\ufffe\uffff]/

/** Escapes characters to stand between tags. */
export function xmlText(text: string): string {
  if (!SPECIAL.test(text)) return text
  check(text)
  return text.replace(/[&<>\r]/g, escapeOf)
}

/** Escapes characters to stand in an attribute value within `"`. */
export function xmlAttributeText(text: string): string {
  if (!SPECIAL.test(text)) return text
  check(text)
  return text.replace(/[&<>"\t\n\r]/g, escapeOf)
}

interface Out {
  text: string
}

function escapeOf(character: string): string {
  switch (character) {
    case '&':
      return '&amp;'
    case '<':
      return '&lt;'
    case '>':
      return '&gt;'
    case '"':
      return '&quot;'
    default:
      // Written plainly, these would be read back as a space or a line feed (XML 1.0, 2.11 and 3.3.3).
      return `&#x${character.charCodeAt(0).toString(16).toUpperCase()};`
  }
}

/** XML 1.0 has no way to write these, not even as a reference (2.2). */
function check(text: string): void {
  const forbidden = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.exec(text)
  if (!forbidden && text.isWellFormed()) return
  const code = forbidden?.[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
  throw new Error(
    `XML cannot hold ${code ? `the character U+${code}` : 'half of a surrogate pair'}; remove it first`,
  )
}

function writeStart(node: XmlNode, out: Out, scope: Scope): void {
  switch (node.nodeType) {
    case 1:
      writeStartTag(node, out, scope)
      return
    case 2:
      out.text += `${node.nodeName}="${xmlAttributeText(node.value)}"`
      return
    case 3:
      out.text += node.cdata ? cdataSection(node) : xmlText(node.data)
      return
    case 7:
      check(node.data)
      if (node.data.includes('?>')) throw new Error(`the instruction <?${node.target}?> cannot contain "?>"`)
      out.text += node.data === '' ? `<?${node.target}?>` : `<?${node.target} ${node.data}?>`
      return
    case 8:
      check(node.data)
      if (/--|-$/.test(node.data)) throw new Error('a comment cannot contain "--" or end with "-"')
      out.text += `<!--${node.data}-->`
  }
}

function cdataSection(node: XmlText): string {
  check(node.data)
  return `<![CDATA[${node.data.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`
}

function writeStartTag(element: XmlElement, out: Out, scope: Scope): void {
  scope.enter(element)
  const name = scope.nameOf(element)
  const attributes = element.attributes.map(a => `${scope.nameOf(a)}="${xmlAttributeText(a.value)}"`)
  out.text += `<${name}`
  for (const [prefix, uri] of scope.declared()) {
    out.text += ` ${prefix === '' ? 'xmlns' : `xmlns:${prefix}`}="${xmlAttributeText(uri)}"`
  }
  for (const attribute of attributes) out.text += ` ${attribute}`
  out.text += element.firstChild ? '>' : '/>'
}

function writeEnd(element: XmlElement, out: Out, scope: Scope): void {
  if (element.firstChild) out.text += `</${scope.elementName()}>`
  scope.leave()
}

/** What prefixes stand for at the place that is being written. Looking one up costs the same at any depth. */
class Scope {
  readonly #bindings = new Map<string, string>([['xml', XML_NAMESPACE]])
  readonly #levels: Level[] = []
  #generated = 0

  enter(element: XmlElement): void {
    this.#levels.push({ name: '', declared: NOTHING, hidden: [], used: '' })
    for (const [prefix, uri] of element.declarations) {
      // A default namespace cannot be declared on an element that is in none.
      if (prefix === '' && element.prefix === '' && element.namespaceURI !== uri) continue
      this.#declare(prefix, uri)
    }
  }

  leave(): void {
    const hidden = this.#levels.pop()?.hidden ?? []
    for (const [prefix, uri] of hidden) {
      if (uri === undefined) this.#bindings.delete(prefix)
      else this.#bindings.set(prefix, uri)
    }
  }

  /** The declarations to write into the current start tag, added ones included. */
  declared(): ReadonlyMap<string, string> {
    return this.#level().declared
  }

  /** The name of the current element, as its start tag has it. */
  elementName(): string {
    return this.#level().name
  }

  /** The name to write for the current element or one of its attributes, declaring a prefix if it must. */
  nameOf(node: XmlElement | XmlAttribute): string {
    const level = this.#level()
    const prefix = this.#prefixFor(node, level)
    const name = prefix === '' ? node.localName : `${prefix}:${node.localName}`
    if (node.nodeType === 1) {
      level.name = name
      level.used = prefix
    }
    return name
  }

  #prefixFor(node: XmlElement | XmlAttribute, level: Level): string {
    const { prefix, namespaceURI: uri } = node
    const isElement = node.nodeType === 1
    if (uri === '') {
      if (isElement && (this.#bindings.get('') ?? '') !== '') this.#declare('', '')
      return ''
    }
    if (uri === XML_NAMESPACE) return 'xml'
    if (prefix !== '' || isElement) {
      if (this.#bindings.get(prefix) === uri) return prefix
      // The tag may use the prefix for something else already.
      if (!level.declared.has(prefix) && (isElement || prefix !== level.used))
        return this.#declare(prefix, uri)
    }
    let made: string
    do made = `ns${++this.#generated}`
    while (this.#bindings.has(made))
    return this.#declare(made, uri)
  }

  #declare(prefix: string, uri: string): string {
    const level = this.#level()
    if (level.declared === NOTHING) level.declared = new Map()
    level.hidden.push([prefix, this.#bindings.get(prefix)])
    level.declared.set(prefix, uri)
    this.#bindings.set(prefix, uri)
    return prefix
  }

  #level(): Level {
    return this.#levels[this.#levels.length - 1] as Level
  }
}

const NOTHING = new Map<string, string>()

interface Level {
  name: string
  /** The prefix of the element itself. */
  used: string
  declared: Map<string, string>
  /** What the declared prefixes stood for outside, to be put back. */
  readonly hidden: [prefix: string, uri: string | undefined][]
}
