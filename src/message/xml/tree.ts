import { isWithin, nextNode, rootOf } from './order.ts'

/** Any node of an XML tree, as XPath sees them: namespace declarations are no nodes. */
export type XmlNode =
  | XmlDocument
  | XmlElement
  | XmlAttribute
  | XmlText
  | XmlComment
  | XmlProcessingInstruction

/** A node that can stand between the tags of an element. */
export type XmlChild = XmlElement | XmlText | XmlComment | XmlProcessingInstruction

/** A node that has children. */
export type XmlParent = XmlDocument | XmlElement

/** Where an element stands in the text it was read from, in UTF-16 units. */
export interface XmlSpan {
  /** The `<` of the start tag. */
  readonly start: number
  /** Just after the `>` of the start tag. */
  readonly startTagEnd: number
  /** Just after the `>` of the end tag; the same as `startTagEnd` for `<a/>`. */
  readonly end: number
}

/** The namespace the prefix `xml` always stands for (Namespaces in XML 1.0, 3). */
export const XML_NAMESPACE = 'http://www.w3.org/XML/1998/namespace'

const NO_DECLARATIONS: ReadonlyMap<string, string> = new Map()
const NO_ATTRIBUTES: readonly XmlAttribute[] = []

/** What an element and the nodes between its tags have in common; the links are changed by the parent only. */
abstract class LinkedNode {
  parentNode: XmlParent | null = null
  previousSibling: XmlChild | null = null
  nextSibling: XmlChild | null = null
  /** The place in document order; only `inDocumentOrder` knows when it can be trusted. */
  order = 0

  /** The document the node stands in; null while its topmost ancestor is an element. */
  get ownerDocument(): XmlDocument | null {
    const root = rootOf(this as unknown as XmlNode)
    return root.nodeType === 9 ? root : null
  }

  /** Takes the node out of its parent; nothing happens when it has none. */
  remove(): void {
    this.parentNode?.unlink(this as unknown as XmlChild)
  }

  /** Puts other nodes in the place of this one. */
  replaceWith(...nodes: readonly XmlChild[]): void {
    const parent = this.parentNode
    if (!parent) throw new Error('a node without a parent cannot be replaced')
    let next = this.nextSibling
    while (next && nodes.includes(next)) next = next.nextSibling
    this.remove()
    for (const node of nodes) parent.insertBefore(node, next)
  }
}

/** The children of a document or an element: a linked list, so that every change costs the same. */
abstract class ParentNode extends LinkedNode {
  firstChild: XmlChild | null = null
  lastChild: XmlChild | null = null
  /** Whether `order` is right below here. When false, it is false for all ancestors too. */
  numbered = false

  /** All children, in a new array. */
  get childNodes(): XmlChild[] {
    const nodes: XmlChild[] = []
    for (let node = this.firstChild; node; node = node.nextSibling) nodes.push(node)
    return nodes
  }

  /** The children that are elements, in a new array. */
  get children(): XmlElement[] {
    const elements: XmlElement[] = []
    for (let node = this.firstChild; node; node = node.nextSibling) {
      if (node.nodeType === 1) elements.push(node)
    }
    return elements
  }

  /** The first child that is an element. */
  get firstElement(): XmlElement | undefined {
    for (let node = this.firstChild; node; node = node.nextSibling) if (node.nodeType === 1) return node
    return undefined
  }

  /** Finds the first child element of that name; `''` means no namespace. */
  child(namespaceURI: string, localName: string): XmlElement | undefined {
    for (let node = this.firstChild; node; node = node.nextSibling) {
      if (node.nodeType === 1 && node.localName === localName && node.namespaceURI === namespaceURI)
        return node
    }
    return undefined
  }

  /** The characters of all text below, in document order: the string-value of XPath 1.0 (5.2). */
  get text(): string {
    const top = this as unknown as XmlNode
    let text = ''
    for (let node = nextNode(top, top); node; node = nextNode(node, top)) {
      if (node.nodeType === 3) text += node.data
    }
    return text
  }

  /** The characters that stand directly between the tags of this node, not those of child elements. */
  get ownText(): string {
    let text = ''
    for (let node = this.firstChild; node; node = node.nextSibling) if (node.nodeType === 3) text += node.data
    return text
  }

  /** Adds nodes at the end; each leaves the place it had before. */
  append(...nodes: readonly XmlChild[]): void {
    for (const node of nodes) this.insertBefore(node, null)
  }

  /**
   * Adds a node before a child, or at the end when the child is null. It leaves the place it had before.
   * @throws Error when `reference` is not a child of this node, or this node stands inside `node`
   */
  insertBefore(node: XmlChild, reference: XmlChild | null): void {
    const parent = this as unknown as XmlParent
    if (reference && reference.parentNode !== parent) {
      throw new Error('the node to insert before is not a child of this node')
    }
    if (node === reference) return
    if (node.firstChild && isWithin(parent, node)) {
      throw new Error(`<${node.nodeName}> cannot be put inside itself`)
    }
    node.parentNode?.unlink(node)
    const before = reference ? reference.previousSibling : this.lastChild
    node.parentNode = parent
    node.previousSibling = before
    node.nextSibling = reference
    if (before) before.nextSibling = node
    else this.firstChild = node
    if (reference) reference.previousSibling = node
    else this.lastChild = node
    this.forgetOrder()
  }

  /** Takes a child out of the list. Use `remove()` on the child. */
  unlink(node: XmlChild): void {
    const { previousSibling, nextSibling } = node
    if (previousSibling) previousSibling.nextSibling = nextSibling
    else this.firstChild = nextSibling
    if (nextSibling) nextSibling.previousSibling = previousSibling
    else this.lastChild = previousSibling
    node.parentNode = null
    node.previousSibling = null
    node.nextSibling = null
  }

  /** Gives up the numbering here and in all ancestors; stops where that has been done already. */
  forgetOrder(): void {
    for (let node = this as ParentNode | null; node?.numbered; node = node.parentNode) node.numbered = false
  }
}

/** The node above the outermost element. */
export class XmlDocument extends ParentNode {
  /** Remembered: any number of comments may stand in front of it. */
  #root: XmlElement | undefined

  get nodeType(): 9 {
    return 9
  }
  get nodeName(): string {
    return '#document'
  }
  get nodeValue(): null {
    return null
  }

  /** The outermost element; null while there is none. */
  get documentElement(): XmlElement | null {
    return this.#root ?? null
  }

  override get firstElement(): XmlElement | undefined {
    return this.#root
  }

  /** @throws Error when it would get a second element, or text */
  override insertBefore(node: XmlChild, reference: XmlChild | null): void {
    if (node.nodeType === 3) throw new Error('text cannot stand outside the outermost element')
    const present = this.#root
    if (node.nodeType === 1 && present && present !== node) {
      throw new Error(`a document has one outermost element, and this one has <${present.nodeName}>`)
    }
    super.insertBefore(node, reference)
    if (node.nodeType === 1) this.#root = node
  }

  override unlink(node: XmlChild): void {
    super.unlink(node)
    if (node === this.#root) this.#root = undefined
  }

  /** Copies the document and everything in it. */
  clone(): XmlDocument {
    return copyTree(this) as XmlDocument
  }
}

/**
 * An element. Its name is made of `prefix` and `localName`, and `namespaceURI` says what the prefix stands for
 * (`''`: none). `declarations` are the `xmlns` attributes of its start tag; the serializer adds missing ones.
 */
export class XmlElement extends ParentNode {
  readonly localName: string
  readonly namespaceURI: string
  readonly prefix: string
  /** Prefix to namespace, `''` for the default namespace. */
  declarations: ReadonlyMap<string, string> = NO_DECLARATIONS
  attributes: readonly XmlAttribute[] = NO_ATTRIBUTES
  /** Set by a parser that was asked for positions. */
  span: XmlSpan | undefined = undefined

  constructor(localName: string, namespaceURI = '', prefix = '') {
    super()
    this.localName = localName
    this.namespaceURI = namespaceURI
    this.prefix = prefix
  }

  get nodeType(): 1 {
    return 1
  }
  get nodeName(): string {
    return this.prefix === '' ? this.localName : `${this.prefix}:${this.localName}`
  }
  get nodeValue(): null {
    return null
  }

  /** Adds a namespace declaration, or changes it; `''` is the prefix of the default namespace. */
  declare(prefix: string, namespaceURI: string): void {
    this.declarations = new Map([...this.declarations, [prefix, namespaceURI]])
  }

  /** Says what a prefix stands for here; `''` asks for the default namespace. */
  lookupNamespace(prefix: string): string | undefined {
    if (prefix === 'xml') return XML_NAMESPACE
    for (let node = this as XmlParent | null; node?.nodeType === 1; node = node.parentNode) {
      const declared = node.declarations.get(prefix)
      if (declared !== undefined) return declared
      if (node.prefix === prefix) return node.namespaceURI === '' ? undefined : node.namespaceURI
    }
    return undefined
  }

  /** Collects what every prefix stands for here, declarations of ancestors included; the nearest wins. */
  namespacesInScope(): Map<string, string> {
    const scope = new Map<string, string>()
    for (let node = this as XmlParent | null; node?.nodeType === 1; node = node.parentNode) {
      for (const [prefix, uri] of node.declarations) if (!scope.has(prefix)) scope.set(prefix, uri)
      if (node.namespaceURI !== '' && !scope.has(node.prefix)) scope.set(node.prefix, node.namespaceURI)
    }
    return scope
  }

  /** Finds an attribute; without a namespace it is one written without a prefix. */
  attribute(localName: string, namespaceURI = ''): XmlAttribute | undefined {
    return this.attributes.find(a => a.localName === localName && a.namespaceURI === namespaceURI)
  }

  /** Reads the value of an attribute. */
  getAttribute(localName: string, namespaceURI = ''): string | undefined {
    return this.attribute(localName, namespaceURI)?.value
  }

  /** Sets the value of an attribute, or adds it at the end. */
  setAttribute(localName: string, value: string, namespaceURI = '', prefix = ''): void {
    const present = this.attribute(localName, namespaceURI)
    if (present) present.value = value
    else this.addAttribute(new XmlAttribute(localName, value, namespaceURI, prefix))
  }

  /** Adds an attribute the element does not have yet; the caller vouches for that. */
  addAttribute(attribute: XmlAttribute): void {
    if (this.attributes === NO_ATTRIBUTES) this.attributes = [attribute]
    else (this.attributes as XmlAttribute[]).push(attribute)
    attribute.parentNode = this
    this.forgetOrder()
  }

  /** Takes an attribute away; nothing happens when there is none. */
  removeAttribute(localName: string, namespaceURI = ''): void {
    this.attributes = this.attributes.filter(
      a => a.localName !== localName || a.namespaceURI !== namespaceURI,
    )
  }

  /** Makes this text the only content. */
  setText(data: string): void {
    while (this.firstChild) this.firstChild.remove()
    if (data !== '') this.append(new XmlText(data))
  }

  /** Copies the element and everything in it. The copy has no parent and no span. */
  clone(): XmlElement {
    return copyTree(this) as XmlElement
  }
}

/** An attribute. Its parent is the element that carries it, although it is not a child of it (XPath 1.0, 5.3). */
export class XmlAttribute {
  parentNode: XmlElement | null = null
  order = 0
  readonly localName: string
  readonly namespaceURI: string
  readonly prefix: string
  value: string

  constructor(localName: string, value: string, namespaceURI = '', prefix = '') {
    this.localName = localName
    this.namespaceURI = namespaceURI
    this.prefix = prefix
    this.value = value
  }

  get nodeType(): 2 {
    return 2
  }
  get nodeName(): string {
    return this.prefix === '' ? this.localName : `${this.prefix}:${this.localName}`
  }
  get nodeValue(): string {
    return this.value
  }
  get ownerElement(): XmlElement | null {
    return this.parentNode
  }
  get ownerDocument(): XmlDocument | null {
    return this.parentNode?.ownerDocument ?? null
  }
  get firstChild(): null {
    return null
  }
  get nextSibling(): null {
    return null
  }
  get previousSibling(): null {
    return null
  }
}

/** Character data. With `cdata` it is written as a CDATA section; it means the same. */
export class XmlText extends LinkedNode {
  data: string
  readonly cdata: boolean

  constructor(data: string, cdata = false) {
    super()
    this.data = data
    this.cdata = cdata
  }

  get nodeType(): 3 {
    return 3
  }
  get nodeName(): string {
    return '#text'
  }
  get nodeValue(): string {
    return this.data
  }
  get firstChild(): null {
    return null
  }

  /** The characters of this node and of the text nodes right after it: one text node to XPath 1.0 (5.7). */
  get wholeText(): string {
    let text = this.data
    for (let node = this.nextSibling; node?.nodeType === 3; node = node.nextSibling) text += node.data
    return text
  }
}

/** A comment. */
export class XmlComment extends LinkedNode {
  data: string

  constructor(data: string) {
    super()
    this.data = data
  }

  get nodeType(): 8 {
    return 8
  }
  get nodeName(): string {
    return '#comment'
  }
  get nodeValue(): string {
    return this.data
  }
  get firstChild(): null {
    return null
  }
}

/** A processing instruction such as `<?xml-multiple item?>`. */
export class XmlProcessingInstruction extends LinkedNode {
  readonly target: string
  data: string

  constructor(target: string, data = '') {
    super()
    this.target = target
    this.data = data
  }

  get nodeType(): 7 {
    return 7
  }
  get nodeName(): string {
    return this.target
  }
  get nodeValue(): string {
    return this.data
  }
  get firstChild(): null {
    return null
  }
}

/** Works without recursion: trees made by programs may be deeper than the stack. */
function copyTree(top: XmlParent): XmlParent {
  const copy = copyNode(top) as XmlParent
  let source = top
  let target = copy
  let node = top.firstChild
  for (;;) {
    if (node) {
      const made = copyNode(node) as XmlChild
      target.append(made)
      if (node.nodeType === 1 && node.firstChild) {
        source = node
        target = made as XmlElement
        node = node.firstChild
      } else node = node.nextSibling
    } else {
      if (source === top) return copy
      node = source.nextSibling
      source = source.parentNode as XmlParent
      target = target.parentNode as XmlParent
    }
  }
}

function copyNode(node: XmlNode): XmlNode {
  switch (node.nodeType) {
    case 9:
      return new XmlDocument()
    case 1: {
      const copy = new XmlElement(node.localName, node.namespaceURI, node.prefix)
      copy.declarations = node.declarations
      for (const a of node.attributes) {
        copy.addAttribute(new XmlAttribute(a.localName, a.value, a.namespaceURI, a.prefix))
      }
      return copy
    }
    case 2:
      return new XmlAttribute(node.localName, node.value, node.namespaceURI, node.prefix)
    case 3:
      return new XmlText(node.data, node.cdata)
    case 7:
      return new XmlProcessingInstruction(node.target, node.data)
    case 8:
      return new XmlComment(node.data)
  }
}
