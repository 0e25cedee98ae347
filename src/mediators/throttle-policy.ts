import { Expected } from '../language/types.ts'
import type { XmlElement } from '../message/xml/tree.ts'

/** What callers of a rule may do. */
export type ThrottleGrant =
  | { readonly kind: 'allow' }
  | { readonly kind: 'deny' }
  | {
      readonly kind: 'limit'
      /** Most requests in one window. */
      readonly maxCount: number
      readonly windowMs: number
      /** How long callers are refused once they asked for more; 0 for the rest of the window. */
      readonly prohibitMs: number
    }

/** Which callers, and what they may do. */
export interface ThrottleRule {
  /** Names the rule among those of its policy. */
  readonly key: string
  readonly type: 'IP' | 'DOMAIN'
  /** Whether it is for those no other rule is for. */
  readonly isOther: boolean
  matches(caller: string): boolean
  readonly grant: ThrottleGrant
}

/** What a policy says. */
export interface ThrottlePolicy {
  /** Most requests at the same time; undefined for any number. */
  readonly maxConcurrent: number | undefined
  readonly rules: readonly ThrottleRule[]
}

/** Namespace of the assertions. */
const THROTTLE = 'http://www.wso2.org/products/wso2commons/throttle'

/**
 * Reads a WS-Policy with a throttle assertion.
 * @throws Expected with what is missing
 */
export function readThrottlePolicy(root: XmlElement): ThrottlePolicy {
  const assertion = find(root, element => element.localName.endsWith('ThrottleAssertion'))
  if (!assertion) throw new Expected('a policy with a MediatorThrottleAssertion')
  if (assertion.namespaceURI !== THROTTLE)
    throw new Expected(`a MediatorThrottleAssertion in the namespace ${THROTTLE}`)
  const concurrent = assertion.child(THROTTLE, 'MaximumConcurrentAccess')
  return {
    maxConcurrent: concurrent && number(concurrent),
    rules: assertion.children.flatMap(child => {
      const id = child.child(THROTTLE, 'ID')
      return id ? [ruleOf(id, child)] : []
    }),
  }
}

function ruleOf(id: XmlElement, block: XmlElement): ThrottleRule {
  const type = (id.getAttribute('type', THROTTLE) ?? id.getAttribute('type') ?? 'IP').trim().toUpperCase()
  if (type !== 'IP' && type !== 'DOMAIN') throw new Expected(`an ID of type IP or DOMAIN, not ${type}`)
  const callers = id.text.trim()
  const isOther = callers.toLowerCase() === 'other'
  return {
    key: `${type} ${callers.toLowerCase()}`,
    type,
    isOther,
    matches: isOther ? () => false : type === 'IP' ? addresses(callers) : domain(callers),
    grant: grantOf(block),
  }
}

/** The two forms of a policy nest differently; what a block says stands anywhere in it. */
function grantOf(block: XmlElement): ThrottleGrant {
  const named = (name: string): XmlElement | undefined =>
    find(block, element => element.localName === name && element.namespaceURI === THROTTLE)
  if (named('Allow')) return { kind: 'allow' }
  if (named('Deny')) return { kind: 'deny' }
  const [maxCount, unitTime, prohibit] = ['MaximumCount', 'UnitTime', 'ProhibitTimePeriod'].map(named)
  const isAllowed = named('IsAllow')?.text.trim().toLowerCase()
  if (!maxCount && !unitTime && isAllowed) return { kind: isAllowed === 'true' ? 'allow' : 'deny' }
  if (!maxCount) throw new Expected('a MaximumCount in each Control')
  if (!unitTime) throw new Expected('a UnitTime in each Control')
  return {
    kind: 'limit',
    maxCount: number(maxCount),
    windowMs: number(unitTime),
    prohibitMs: prohibit ? number(prohibit) : 0,
  }
}

function number(element: XmlElement): number {
  const text = element.text.trim()
  if (!/^\d+$/.test(text)) throw new Expected(`a whole number as ${element.localName}, not "${text}"`)
  return Number(text)
}

const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/

/** A single address, `a.b.c.*`, or a range `from-to` that differs in the last number. */
function addresses(written: string): (caller: string) => boolean {
  const wildcard = /^(\d{1,3}\.\d{1,3}\.\d{1,3}\.)\*$/.exec(written)
  if (wildcard) return caller => IPV4.test(caller) && caller.startsWith(wildcard[1]!)
  const [from, to] = written.split('-').map(each => each.trim())
  if (to === undefined) {
    if (written === '') throw new Expected('an address, a range or other in each ID')
    return caller => caller.toLowerCase() === written.toLowerCase()
  }
  const [low, high] = [split(from!), split(to)]
  if (!low || !high || low.network !== high.network || low.last > high.last)
    throw new Expected(`a range of addresses that differ in their last number, not "${written}"`)
  return caller => {
    const at = split(caller)
    return at !== undefined && at.network === low.network && at.last >= low.last && at.last <= high.last
  }
}

function split(address: string): { readonly network: string; readonly last: number } | undefined {
  const match = IPV4.exec(address)
  return match ? { network: match.slice(1, 4).join('.'), last: Number(match[4]) } : undefined
}

/** A host, or `*.` and the domain its hosts are in. */
function domain(written: string): (caller: string) => boolean {
  const wanted = written.toLowerCase()
  if (!wanted.startsWith('*.')) return caller => caller.toLowerCase() === wanted
  return caller => caller.toLowerCase().endsWith(wanted.slice(1))
}

function find(root: XmlElement, fits: (element: XmlElement) => boolean): XmlElement | undefined {
  if (fits(root)) return root
  for (const child of root.children) {
    const found = find(child, fits)
    if (found) return found
  }
  return undefined
}
