/* The code below runs inside the isolate of a script, never here: it may use nothing from outside the function. */

/** An element as it crosses into the isolate: name, namespace, prefix, attributes, children; text is a string. */
export type CrossedXml = readonly [
  name: string,
  namespace: string,
  prefix: string,
  attributes: readonly (readonly [name: string, value: string])[],
  children: readonly (CrossedXml | string)[],
]

interface Tree {
  name: string
  namespace: string
  prefix: string
  attributes: [string, string][]
  children: (Tree | string)[]
  parent: Tree | undefined
}

/**
 * Gives scripts their XML: lists of elements whose children are properties, as in E4X, with the methods of E4X and
 * those of the element objects of the original that scripts use.
 */
export function xmlRuntime(host: (question: string, text: string) => string): {
  read: (text: string) => object
  write: (value: unknown) => string
  list: (nodes: readonly (CrossedXml | string)[]) => object
} {
  type List = { nodes: (Tree | string)[]; from: Tree | undefined; wanted: string | undefined }
  const lists = new WeakMap<object, List>()

  const grow = ([name, namespace, prefix, attributes, children]: CrossedXml, parent?: Tree): Tree => {
    const tree: Tree = {
      name,
      namespace,
      prefix,
      attributes: attributes.map(([n, v]) => [n, v]),
      children: [],
      parent,
    }
    tree.children = children.map(child => (typeof child === 'string' ? child : grow(child, tree)))
    return tree
  }
  const quoted = (text: string): string => text.replace(/[&<>]/g, c => `&#${c.charCodeAt(0)};`)
  const print = (tree: Tree | string, scope: Readonly<Record<string, string>> = {}): string => {
    if (typeof tree === 'string') return quoted(tree)
    const tag = tree.prefix === '' ? tree.name : `${tree.prefix}:${tree.name}`
    const isNew = (scope[tree.prefix] ?? '') !== tree.namespace
    const inner = isNew ? { ...scope, [tree.prefix]: tree.namespace } : scope
    let head = tag
    if (isNew) head += ` xmlns${tree.prefix === '' ? '' : `:${tree.prefix}`}="${quoted(tree.namespace)}"`
    for (const [name, value] of tree.attributes) head += ` ${name}="${quoted(value).replace(/"/g, '&quot;')}"`
    const content = tree.children.map(child => print(child, inner)).join('')
    return content === '' ? `<${head}/>` : `<${head}>${content}</${tag}>`
  }
  const textOf = (tree: Tree | string): string =>
    typeof tree === 'string' ? tree : tree.children.map(textOf).join('')
  const elementsOf = (tree: Tree | string): Tree[] =>
    typeof tree === 'string' ? [] : tree.children.filter(child => typeof child !== 'string')
  const isSimple = ({ nodes }: List): boolean => nodes.every(node => elementsOf(node).length === 0)
  const show = (list: List): string =>
    isSimple(list) ? list.nodes.map(textOf).join('') : list.nodes.map(node => print(node)).join('\n')
  const remove = (node: Tree | string): void => {
    if (typeof node === 'string' || !node.parent) return
    const { children } = node.parent
    children.splice(children.indexOf(node), 1)
    node.parent = undefined
  }
  const below = (node: Tree | string, name: string): Tree[] =>
    elementsOf(node).flatMap(child => [
      ...(name === '*' || child.name === name ? [child] : []),
      ...below(child, name),
    ])
  const named = (list: List, name: string): List => ({
    nodes: list.nodes.flatMap(node => elementsOf(node).filter(child => name === '*' || child.name === name)),
    from: typeof list.nodes[0] === 'object' ? list.nodes[0] : undefined,
    wanted: name,
  })
  const plain = (nodes: (Tree | string)[]): List => ({ nodes, from: undefined, wanted: undefined })
  const asNodes = (value: unknown): (Tree | string)[] => {
    const list = typeof value === 'object' && value !== null ? lists.get(value) : undefined
    if (!list) return [String(value)]
    return list.nodes.map(node => (typeof node === 'string' ? node : grow(crossed(node))))
  }
  const crossed = (tree: Tree): CrossedXml => [
    tree.name,
    tree.namespace,
    tree.prefix,
    tree.attributes,
    tree.children.map(child => (typeof child === 'string' ? child : crossed(child))),
  ]
  const put = (parent: Tree, name: string, nodes: (Tree | string)[], at?: number): void => {
    const fresh = nodes.map(node => {
      if (typeof node === 'object') return Object.assign(node, { parent })
      const { namespace, prefix } = parent
      const made: Tree = { name, namespace, prefix, attributes: [], children: [node], parent }
      return made
    })
    if (at === undefined) parent.children.push(...fresh)
    else parent.children.splice(at, 0, ...fresh)
  }

  const single = (tree: Tree | undefined): object | null => (tree ? wrap(plain([tree])) : null)
  const methods: Record<string, (list: List, ...args: unknown[]) => unknown> = {
    toString: (list: List) => show(list),
    toXMLString: list => list.nodes.map(node => print(node)).join('\n'),
    valueOf: (list: List) => show(list),
    length: list => list.nodes.length,
    size: list => list.nodes.length,
    get: (list, i) => wrap(plain(list.nodes.slice(Number(i), Number(i) + 1))),
    copy: list => wrap(plain(asNodes(wrap(list)))),
    children: list =>
      wrap(plain(list.nodes.flatMap(node => (typeof node === 'string' ? [] : node.children)))),
    elements: (list, name = '*') => wrap(named(list, String(name))),
    child: (list, name) => wrap(named(list, String(name))),
    descendants: (list, name = '*') =>
      wrap(plain(list.nodes.flatMap(node => below(node, String(name).replace(/^.*::/, ''))))),
    attribute: (list, name) => attributeOf(list, String(name)),
    getAttributeValue: (list, name) => attributeOf(list, String(name)) || null,
    text: list => list.nodes.map(textOf).join(''),
    getText: list => list.nodes.map(textOf).join(''),
    localName: list => (typeof list.nodes[0] === 'object' ? list.nodes[0].name : null),
    getLocalName: list => (typeof list.nodes[0] === 'object' ? list.nodes[0].name : null),
    name: list => (typeof list.nodes[0] === 'object' ? list.nodes[0].name : null),
    parent: list => single(typeof list.nodes[0] === 'object' ? list.nodes[0].parent : undefined),
    getParent: list => single(typeof list.nodes[0] === 'object' ? list.nodes[0].parent : undefined),
    getFirstElement: list => single(list.nodes[0] === undefined ? undefined : elementsOf(list.nodes[0])[0]),
    getBody: list => single(elementsOf(list.nodes[0] ?? '').find(child => child.name === 'Body')),
    getHeader: list => single(elementsOf(list.nodes[0] ?? '').find(child => child.name === 'Header')),
    getFirstChildWithName: (list, name) =>
      single(
        elementsOf(list.nodes[0] ?? '').find(child => child.name === String(name).replace(/^\{.*\}/, '')),
      ),
    getChildElements: list => wrap(plain(list.nodes.flatMap(elementsOf))),
    detach: list => {
      for (const node of list.nodes) remove(node)
      return wrap(list)
    },
    setText: (list, text) => {
      for (const node of list.nodes) if (typeof node === 'object') node.children = [String(text)]
    },
    appendChild: (list, value) => {
      for (const node of list.nodes) if (typeof node === 'object') put(node, 'value', asNodes(value))
      return wrap(list)
    },
    hasSimpleContent: list => isSimple(list),
    hasComplexContent: list => !isSimple(list),
  }
  const attributeOf = ({ nodes }: List, name: string): string => {
    for (const node of nodes) {
      if (typeof node === 'string') continue
      const found = node.attributes.find(([known]) => name === '*' || known === name)
      if (found) return found[1]
    }
    return ''
  }

  function wrap(list: List): object {
    const target = {}
    const proxy: object = new Proxy(target, {
      get(_target, key) {
        if (key === '__isXml') return true
        if (key === Symbol.toPrimitive) return () => show(list)
        if (key === Symbol.iterator)
          return () => list.nodes.map(node => wrap(plain([node])))[Symbol.iterator]()
        if (typeof key === 'symbol') return undefined
        const method = Object.hasOwn(methods, key) ? methods[key] : undefined
        if (method) return (...args: unknown[]) => method(list, ...args)
        if (/^\d+$/.test(key)) {
          const node = list.nodes[Number(key)]
          return node === undefined ? undefined : wrap(plain([node]))
        }
        if (key.startsWith('@')) return attributeOf(list, key.slice(1))
        return wrap(named(list, key.replace(/^.*::/, '')))
      },
      set(_target, key, value) {
        if (typeof key === 'symbol') return false
        const [first] = list.nodes
        if (/^\d+$/.test(key)) {
          const old = list.nodes[Number(key)]
          if (typeof old === 'object' && old.parent) {
            const { parent } = old
            const at = parent.children.indexOf(old)
            remove(old)
            put(parent, old.name, asNodes(value), at)
          } else if (list.from && list.wanted) put(list.from, list.wanted, asNodes(value))
          return true
        }
        if (typeof first !== 'object') return false
        if (key.startsWith('@')) {
          const known = first.attributes.find(([name]) => name === key.slice(1))
          if (known) known[1] = String(value)
          else first.attributes.push([key.slice(1), String(value)])
          return true
        }
        const old = elementsOf(first).filter(child => child.name === key)
        const at = old[0] && first.children.indexOf(old[0])
        for (const child of old) remove(child)
        put(first, key, asNodes(value), at)
        return true
      },
      deleteProperty(_target, key) {
        if (typeof key === 'symbol') return false
        const doomed = /^\d+$/.test(key) ? [list.nodes[Number(key)] ?? ''] : named(list, key).nodes
        for (const node of doomed) remove(node)
        list.nodes = list.nodes.filter(node => !doomed.includes(node))
        return true
      },
      has: (_target, key) => typeof key === 'string' && named(list, key).nodes.length > 0,
      ownKeys: () => list.nodes.map((_node, i) => String(i)),
      getOwnPropertyDescriptor: (_target, key) =>
        typeof key === 'string' && /^\d+$/.test(key)
          ? { configurable: true, enumerable: true, value: undefined }
          : undefined,
    })
    lists.set(proxy, list)
    return proxy
  }

  return {
    read: text => {
      const source = text.trim()
      // A list of several elements, as <></> makes it, has an element around it that does not count.
      const tree = grow(
        JSON.parse(host('xml', `<x>${source.replace(/^<\?xml[^>]*\?>/, '')}</x>`)) as CrossedXml,
      )
      const roots = elementsOf(tree)
      for (const root of roots) root.parent = undefined
      return wrap(plain(roots.length === 0 ? tree.children : roots))
    },
    list: nodes => wrap(plain(nodes.map(node => (typeof node === 'string' ? node : grow(node))))),
    write: value => {
      const list = typeof value === 'object' && value !== null ? lists.get(value) : undefined
      return list ? list.nodes.map(node => print(node)).join('') : String(value)
    },
  }
}
