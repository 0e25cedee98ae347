import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { clientAddress } from './client-address.ts'

/** Which headers proxies say in whom they stand for. */
export type ForwardedHeaders = 'X-Forwarded' | 'Forwarded'

/** What proxies said of a request. */
export interface Forwarded {
  readonly address: string
  readonly isSecure: boolean
  /** Undefined where they said nothing of it. */
  readonly host: string | undefined
}

/** One hop as a proxy wrote it down. */
interface Hop {
  readonly address: string
  readonly proto: string | undefined
  readonly host: string | undefined
}

/**
 * The proxies whose word is taken for where requests come from: the last address of the chain that is not one of
 * theirs is the client's. What stands before it anybody could have written.
 */
export class TrustedProxies {
  readonly #ranges = new BlockList()
  readonly #headers: ForwardedHeaders

  /** Takes addresses and ranges, such as 10.0.0.0/8, that were checked before. */
  constructor(ranges: readonly string[], headers: ForwardedHeaders) {
    this.#headers = headers
    for (const range of ranges) {
      const [address = '', prefix] = range.split('/', 2)
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
      if (prefix === undefined) this.#ranges.addAddress(address, family)
      else this.#ranges.addSubnet(address, Number(prefix), family)
    }
  }

  /** Gives what is known of the client of a request that came by a trusted proxy; undefined for any other. */
  forwarded(request: IncomingMessage): Forwarded | undefined {
    const peer = clientAddress(request)
    if (!this.#trusts(peer)) return undefined
    const isSecure = (request.socket as TLSSocket).encrypted === true
    const hops = this.#headers === 'Forwarded' ? forwardedHops(request) : xForwardedHops(request)
    let address = peer
    let last: Hop | undefined
    for (let i = hops.length - 1; i >= 0 && this.#trusts(address); i--) {
      const hop = hops[i]!
      last = hop
      // A name that stands for an address, or none: who it was is known to the proxy alone.
      if (isIP(hop.address) === 0) break
      address = hop.address
    }
    const proto = last?.proto?.toLowerCase()
    return {
      address,
      isSecure: proto === undefined ? isSecure : proto === 'https' || proto === 'wss',
      host: last?.host,
    }
  }

  #trusts(address: string): boolean {
    const family = isIP(address)
    return family !== 0 && this.#ranges.check(address.replace(/%.*$/, ''), family === 6 ? 'ipv6' : 'ipv4')
  }
}

/** The client comes first, the latest proxy last. Scheme and host are those the latest proxy gave. */
function xForwardedHops({ headers }: IncomingMessage): Hop[] {
  const proto = listOf(headers['x-forwarded-proto']).at(-1)
  const host = listOf(headers['x-forwarded-host']).at(-1)
  const addresses = listOf(headers['x-forwarded-for'])
  // A proxy may say how it was reached and not by whom.
  if (addresses.length === 0) return (proto ?? host) ? [{ address: '', proto, host }] : []
  return addresses.map(address => ({ address: bareAddress(address), proto, host }))
}

/** `for=192.0.2.1;proto=https;host=a.example, for="[2001:db8::1]:4711"` (RFC 7239). */
function forwardedHops({ headers }: IncomingMessage): Hop[] {
  const value = headers.forwarded
  if (value === undefined) return []
  return elementsOf(value).map(element => {
    const pairs = new Map<string, string>()
    for (const pair of element.split(';')) {
      const at = pair.indexOf('=')
      if (at > 0) pairs.set(pair.slice(0, at).trim().toLowerCase(), unquoted(pair.slice(at + 1).trim()))
    }
    return {
      address: bareAddress(pairs.get('for') ?? ''),
      proto: pairs.get('proto'),
      host: pairs.get('host'),
    }
  })
}

/** Splits at commas that are not in quotes. */
function elementsOf(value: string): string[] {
  const elements: string[] = []
  let start = 0
  let isQuoted = false
  for (let i = 0; i < value.length; i++) {
    const character = value[i]!
    if (isQuoted && character === '\\') i++
    else if (character === '"') isQuoted = !isQuoted
    else if (character === ',' && !isQuoted) {
      elements.push(value.slice(start, i))
      start = i + 1
    }
  }
  elements.push(value.slice(start))
  return elements
}

function unquoted(text: string): string {
  return text.length > 1 && text.startsWith('"') ? text.slice(1, -1).replace(/\\(.)/g, '$1') : text
}

function listOf(header: string | string[] | undefined): string[] {
  if (header === undefined) return []
  return String(header)
    .split(',')
    .map(item => item.trim())
    .filter(item => item !== '')
}

/** Takes off a port, and the brackets of IPv6. */
function bareAddress(text: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(text)
  const bare = bracketed ? bracketed[1]! : /^[\d.]+:\d+$/.test(text) ? text.slice(0, text.indexOf(':')) : text
  return bare.replace(/^::ffff:(?=\d+\.)/i, '')
}
