import { inDocumentOrder, isWithin, nextNode, rootOf } from '../message/xml/order.ts'
import { XML_NAMESPACE, XmlAttribute, type XmlNode } from '../message/xml/tree.ts'

/** The axes of XPath 1.0 (2.2). */
export type Axis =
  | 'ancestor'
  | 'ancestor-or-self'
  | 'attribute'
  | 'child'
  | 'descendant'
  | 'descendant-or-self'
  | 'following'
  | 'following-sibling'
  | 'namespace'
  | 'parent'
  | 'preceding'
  | 'preceding-sibling'
  | 'self'

/** Where an expression is being evaluated. */
export interface Place {
  /** Absent when the caller has no content to offer. */
  contextNode: XmlNode | undefined
  contextPosition: number
  contextSize: number
  /** Whatever the caller of `evaluate` handed over, for its own functions and variables. */
  readonly caller: unknown
}

/** A step of a location path, prepared for walking. */
export interface PreparedStep {
  readonly axis: Axis
  readonly test: (node: XmlNode) => boolean
  readonly predicates: readonly ((place: Place) => boolean)[]
  /** Whether a predicate depends on where a node stands among the others, as `[2]` and `[last()]` do. */
  readonly positional: boolean
  /** How many nodes the first predicate can make use of: 3 for `[3]`. */
  readonly limit: number
}

/**
 * Walks a location path. Nodes come in and go out in document order, each once, and no step costs more than
 * the part of the tree it covers: that is why the steps of the library are not used, whose cost grows with
 * the square of the nodes, and doubles with every `//`.
 */
export function applySteps(steps: readonly PreparedStep[], start: XmlNode[], caller: unknown): XmlNode[] {
  let nodes = start
  // As long as no node stands inside another, children of nodes in order are in order.
  let apart = true
  for (const step of steps) {
    if (nodes.length === 0) return nodes
    if (nodes.length === 1) {
      nodes = fromOne(step, nodes[0] as XmlNode, caller)
      apart = step.axis === 'child' || step.axis === 'attribute' || step.axis === 'following-sibling'
    } else if (step.positional) {
      nodes = nodes.flatMap(node => fromOne(step, node, caller))
      apart &&= keepsOrder(step.axis)
      if (!apart) inDocumentOrder(nodes)
    } else {
      nodes = filterNodes(step.predicates, fromAll(step, nodes, apart), caller)
      apart &&= keepsOrder(step.axis)
    }
    apart ||= nodes.length < 2
  }
  return nodes
}

/** Keeps the nodes every predicate holds for; position counts in the order given. */
export function filterNodes(
  predicates: PreparedStep['predicates'],
  nodes: XmlNode[],
  caller: unknown,
): XmlNode[] {
  let kept = nodes
  for (const holds of predicates) {
    const place: Place = { contextNode: undefined, contextPosition: 0, contextSize: kept.length, caller }
    kept = kept.filter((node, index) => {
      place.contextNode = node
      place.contextPosition = index + 1
      return holds(place)
    })
  }
  return kept
}

function keepsOrder(axis: Axis): boolean {
  return axis === 'child' || axis === 'attribute' || axis === 'self'
}

function fromOne(step: PreparedStep, node: XmlNode, caller: unknown): XmlNode[] {
  const found: XmlNode[] = []
  collect(step, node, step.limit, found)
  const kept = filterNodes(step.predicates, found, caller)
  return isReverse(step.axis) ? kept.reverse() : kept
}

function isReverse(axis: Axis): boolean {
  return axis.startsWith('ancestor') || axis.startsWith('preceding')
}

/** Takes a step from many nodes at once, meeting every node of the tree once. */
function fromAll(step: PreparedStep, nodes: readonly XmlNode[], apart: boolean): XmlNode[] {
  const found: XmlNode[] = []
  switch (step.axis) {
    case 'self':
    case 'attribute':
    case 'namespace':
      for (const node of nodes) collect(step, node, Infinity, found)
      return found
    case 'child':
      for (const node of nodes) collect(step, node, Infinity, found)
      return apart ? found : inDocumentOrder(found)
    case 'descendant':
    case 'descendant-or-self':
      for (const node of apart ? nodes : outermost(nodes)) collect(step, node, Infinity, found)
      return found
    case 'parent':
    case 'ancestor':
    case 'ancestor-or-self':
      return inDocumentOrder(upwards(step, nodes))
    case 'following-sibling':
      return inDocumentOrder(oncePerParent(step, nodes))
    case 'preceding-sibling':
      return inDocumentOrder(oncePerParent(step, nodes.toReversed()))
    case 'following':
    case 'preceding':
      return inDocumentOrder(fromEdge(step, nodes))
  }
}

/** Leaves out nodes that stand inside another one of the list, which is in document order. */
function outermost(nodes: readonly XmlNode[]): XmlNode[] {
  const kept: XmlNode[] = []
  for (const node of nodes) {
    const last = kept[kept.length - 1]
    if (!last || !isWithin(node, last)) kept.push(node)
  }
  return kept
}

function upwards({ axis, test }: PreparedStep, nodes: readonly XmlNode[]): XmlNode[] {
  const met = new Set<XmlNode>()
  for (const node of nodes) {
    let up = axis === 'ancestor-or-self' ? node : (node.parentNode as XmlNode | null)
    // Above a node that was met, all were met.
    while (up && !met.has(up)) {
      met.add(up)
      up = axis === 'parent' ? null : up.parentNode
    }
  }
  return [...met].filter(test)
}

/** The first node of each parent has all the siblings the others have. */
function oncePerParent(step: PreparedStep, nodes: readonly XmlNode[]): XmlNode[] {
  const parents = new Set<XmlNode>()
  const found: XmlNode[] = []
  for (const node of nodes) {
    const parent = node.parentNode
    if (!parent || node.nodeType === 2 || parents.has(parent)) continue
    parents.add(parent)
    collect(step, node, Infinity, found)
  }
  return found
}

/** Everything that follows any node follows the one that ends first; what precedes any precedes the last. */
function fromEdge(step: PreparedStep, nodes: readonly XmlNode[]): XmlNode[] {
  const found: XmlNode[] = []
  const roots = new Map<XmlNode, XmlNode>()
  for (const node of nodes) {
    const root = rootOf(node)
    const edge = roots.get(root)
    if (!edge || step.axis === 'preceding' || isWithin(node, edge)) roots.set(root, node)
  }
  for (const edge of roots.values()) collect(step, edge, Infinity, found)
  return found
}

/** Walks an axis from one node, in the direction of the axis, until it has found as many as can be used. */
function collect(step: PreparedStep, from: XmlNode, limit: number, found: XmlNode[]): void {
  const { axis, test } = step
  const full = found.length + limit
  const take = (node: XmlNode | null): boolean => {
    if (node && test(node)) found.push(node)
    return node !== null && found.length < full
  }
  switch (axis) {
    case 'self':
      take(from)
      return
    case 'child': {
      let node = from.firstChild
      while (take(node)) node = node?.nextSibling ?? null
      return
    }
    case 'attribute':
      if (from.nodeType === 1) for (const attribute of from.attributes) if (!take(attribute)) return
      return
    case 'descendant':
    case 'descendant-or-self': {
      if (axis === 'descendant-or-self' && !take(from)) return
      for (let node = nextNode(from, from); take(node); ) node = nextNode(node as XmlNode, from)
      return
    }
    case 'parent':
      take(from.parentNode)
      return
    case 'ancestor':
    case 'ancestor-or-self': {
      let node = axis === 'ancestor' ? (from.parentNode as XmlNode | null) : from
      while (take(node)) node = (node as XmlNode).parentNode
      return
    }
    case 'following-sibling':
    case 'preceding-sibling': {
      const link = axis === 'following-sibling' ? 'nextSibling' : 'previousSibling'
      let node = from[link]
      while (take(node)) node = (node as XmlNode)[link]
      return
    }
    case 'following': {
      const root = rootOf(from)
      let node = from.nodeType === 2 && from.parentNode ? nextNode(from.parentNode, root) : after(from)
      while (take(node)) node = nextNode(node as XmlNode, root)
      return
    }
    case 'preceding':
      for (const node of before(from)) if (!take(node)) return
      return
    case 'namespace':
      if (from.nodeType !== 1) return
      for (const [prefix, uri] of from.namespacesInScope().set('xml', XML_NAMESPACE)) {
        if (uri === '') continue
        const node = new XmlAttribute(prefix, uri)
        node.parentNode = from
        if (!take(node)) return
      }
  }
}

/** The node after the whole of another one. */
function after(node: XmlNode): XmlNode | null {
  let up: XmlNode | null = node
  while (up && !up.nextSibling) up = up.parentNode
  return up?.nextSibling ?? null
}

/** All nodes that end before another begins, backwards. */
function* before(from: XmlNode): Generator<XmlNode> {
  let node: XmlNode | null = from.nodeType === 2 ? from.parentNode : from
  let ancestor: XmlNode | null = node?.parentNode ?? null
  while (node) {
    if (node.previousSibling) {
      node = node.previousSibling as XmlNode
      while (node.nodeType === 1 && node.lastChild) node = node.lastChild
      yield node
    } else {
      node = node.parentNode
      if (node === ancestor) ancestor = node?.parentNode ?? null
      else if (node) yield node
    }
  }
}
