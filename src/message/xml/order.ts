import type { XmlChild, XmlNode } from './tree.ts'

/** Finds the topmost ancestor: the document, or the node itself when it has no parent. */
export function rootOf(node: XmlNode): XmlNode {
  let root = node
  while (root.parentNode) root = root.parentNode
  return root
}

/** Steps through a subtree in document order, without attributes; null after the last node inside `within`. */
export function nextNode(node: XmlNode, within: XmlNode): XmlChild | null {
  if (node.firstChild) return node.firstChild
  let last: XmlNode | null = node
  while (last && last !== within) {
    if (last.nextSibling) return last.nextSibling
    last = last.parentNode
  }
  return null
}

/** Sorts nodes into document order, in place, and drops those named twice. Trees come in the order they appear. */
export function inDocumentOrder<N extends XmlNode>(nodes: N[]): N[] {
  if (nodes.length < 2) return nodes
  const ranks = new Map<XmlNode, number>()
  const rankOf = (node: XmlNode): number => ranks.get(rootOf(node)) ?? 0
  for (const node of nodes) {
    const root = rootOf(node)
    if (ranks.has(root)) continue
    ranks.set(root, ranks.size)
    ensureOrder(root)
  }
  if (ranks.size === 1) nodes.sort((a, b) => a.order - b.order)
  else nodes.sort((a, b) => rankOf(a) - rankOf(b) || a.order - b.order)
  let kept = 1
  for (let i = 1; i < nodes.length; i++) {
    const node = nodes[i] as N
    if (node !== nodes[kept - 1]) nodes[kept++] = node
  }
  nodes.length = kept
  return nodes
}

/** Makes `order` right in the whole tree below `root`; costs nothing when nothing was added since. */
export function ensureOrder(root: XmlNode): void {
  if ((root.nodeType !== 9 && root.nodeType !== 1) || root.numbered) return
  let order = 0
  for (let node: XmlNode | null = root; node; node = nextNode(node, root)) {
    node.order = order++
    if (node.nodeType !== 1) continue
    for (const attribute of node.attributes) attribute.order = order++
    node.numbered = true
  }
  root.numbered = true
}

/** Whether a node is another one, or stands inside it. */
export function isWithin(node: XmlNode, ancestor: XmlNode): boolean {
  for (let up: XmlNode | null = node; up; up = up.parentNode) if (up === ancestor) return true
  return false
}
