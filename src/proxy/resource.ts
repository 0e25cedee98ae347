import type { RequestHead } from '../core/route.ts'
import { mediaTypeOf } from '../message/content.ts'
import type { UriTemplate } from './uri-template.ts'

/** The methods a resource of an API may name. */
export const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH'] as const

/** Which requests a resource takes. */
export interface ResourceRules {
  /** Empty for all. */
  readonly methods: readonly string[]
  readonly template?: UriTemplate
  /** A path, `/prefix/*`, or `*.extension`. */
  readonly mapping?: string
  readonly protocol?: 'http' | 'https'
  readonly contentType?: string
  readonly userAgent?: RegExp
}

/** One of the resources an API offers, with what it runs. */
export interface Resource<T> extends ResourceRules {
  readonly target: T
}

/** A resource that fits a path, and the variables of its template. */
export interface Fit<T> {
  readonly resource: Resource<T>
  readonly variables?: ReadonlyMap<string, string>
}

/**
 * Chooses among the resources of an API: mappings first (a path, the longest prefix, an extension), then templates in
 * the order written, then the one without either.
 */
export class ResourceTable<T> {
  readonly #inOrder: readonly Resource<T>[]

  constructor(resources: readonly Resource<T>[]) {
    const rank = ({ mapping, template }: Resource<T>): number =>
      mapping !== undefined ? rankOf(mapping) : template ? 1 : 2
    // Sorting keeps the order written where ranks are equal.
    this.#inOrder = [...resources].sort((a, b) => rank(a) - rank(b))
  }

  /** Finds the resource for a request; `path` is what follows the context, `/` where nothing does. */
  find(head: RequestHead, path: string): Fit<T> | undefined {
    for (const resource of this.#inOrder) {
      if (!admits(resource, head)) continue
      const fit = fitOf(resource, path)
      if (fit) return fit
    }
    return undefined
  }

  /** All resources of a path, whatever else they ask of a request. */
  at(path: string): Resource<T>[] {
    return this.#inOrder.filter(resource => fitOf(resource, path) !== undefined)
  }
}

/** Exact paths before prefixes, longer prefixes before shorter ones, and extensions last; all before templates. */
function rankOf(mapping: string): number {
  if (!mapping.includes('*')) return -Infinity
  return mapping.startsWith('*') ? 0 : -mapping.length
}

/** Whether a resource takes requests with this method. A resource has to name OPTIONS to get any. */
export function takesMethod({ methods }: ResourceRules, method: string): boolean {
  if (method === 'OPTIONS') return methods.includes('OPTIONS')
  return methods.length === 0 || methods.includes(method)
}

function admits(rules: ResourceRules, head: RequestHead): boolean {
  if (!takesMethod(rules, head.method)) return false
  const { protocol, contentType, userAgent } = rules
  if (protocol !== undefined && (protocol === 'https') !== head.isSecure) return false
  if (contentType !== undefined && head.hasBody) {
    const given = String(head.headers['content-type'] ?? '')
    if (given !== contentType && mediaTypeOf(given) !== contentType.toLowerCase()) return false
  }
  return userAgent === undefined || userAgent.test(String(head.headers['user-agent'] ?? ''))
}

function fitOf<T>(resource: Resource<T>, path: string): Fit<T> | undefined {
  const { mapping, template } = resource
  if (template) {
    const variables = template.match(path)
    return variables && { resource, variables }
  }
  return mapping === undefined || maps(mapping, pathAlone(path)) ? { resource } : undefined
}

function pathAlone(path: string): string {
  const query = path.indexOf('?')
  return query < 0 ? path : path.slice(0, query)
}

function maps(mapping: string, path: string): boolean {
  if (mapping.startsWith('*')) return path.endsWith(mapping.slice(1))
  if (mapping.endsWith('/*')) return path === mapping.slice(0, -2) || path.startsWith(mapping.slice(0, -1))
  return path === mapping || path === `${mapping}/`
}
