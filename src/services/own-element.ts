import { type Element, OWN_NAMESPACE } from '../language/xml.ts'
import { plainName } from './hook-names.ts'

/** What stands in our own namespace inside endpoints, whatever is around it. */
export const OWN_CHILDREN: ReadonlySet<string> = new Set([
  'correlation',
  'compression',
  'heartbeat',
  'reconnect',
  'takeover',
  'connect',
  'slow',
])

/** The kinds of endpoint that have these. */
export const HAS_OWN_CHILDREN: ReadonlySet<string> = new Set(['address', 'http', 'default', 'wsdl'])

/**
 * Gives a `<service>` as its declaration reads it: all that is inside and stands in our own namespace, mediators
 * included, belongs to the language as if it stood in its namespace, and names have one spelling.
 */
export function serviceElement(root: Element): Element {
  const inner = asSynapse(root, undefined)
  return {
    ...inner,
    attributes: inner.attributes.map(each => ({ ...each, name: plainName(each.name) })),
    children: inner.children.map(child => ({ ...child, name: plainName(child.name) })),
  }
}

function asSynapse(element: Element, parent: string | undefined): Element {
  const staysOwn = parent !== undefined && HAS_OWN_CHILDREN.has(parent) && OWN_CHILDREN.has(element.name)
  const isOwn = element.namespace === OWN_NAMESPACE
  return {
    ...element,
    namespace: isOwn && !staysOwn ? '' : element.namespace,
    children: element.children.map(child => asSynapse(child, element.name)),
  }
}
