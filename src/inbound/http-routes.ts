import type { RequestHead } from '../core/route.ts'
import type { ServedService } from '../language/declare.ts'

/**
 * Finds the service for an HTTP request: the one with the longest path, and of several with one path the one that
 * asks for the host of the request.
 */
export class HttpRoutes {
  readonly #byPath = new Map<string, ServedService[]>()

  constructor(services: readonly ServedService[]) {
    for (const served of services) this.add(served)
  }

  /** Has requests go to a service, too. */
  add(served: ServedService): void {
    const path = pathOf(served)
    const others = this.#byPath.get(path) ?? []
    this.#byPath.set(path, others)
    others.push(served)
    others.sort((a, b) => demands(b) - demands(a))
  }

  /** Has no more requests go to a service. */
  remove(served: ServedService): void {
    const there = this.#byPath.get(pathOf(served))
    const at = there?.indexOf(served) ?? -1
    if (at >= 0) there!.splice(at, 1)
  }

  /** Finds what serves a request; undefined for nothing. */
  find(head: RequestHead): ServedService | undefined {
    let { path } = head
    for (;;) {
      const there = this.#byPath.get(path)
      if (there) {
        for (const served of there) {
          const isBelow = path.length < head.path.length
          if ((!isBelow || served.path.endsWith('/*')) && isFor(served, head)) return served
        }
      }
      if (path === '') return undefined
      path = path.slice(0, Math.max(0, path.lastIndexOf('/')))
    }
  }
}

function pathOf({ path }: ServedService): string {
  return path.replace(/\/\*$/, '')
}

/** Of services at one path, an API comes before the inbound endpoint it is bound to, and who asks for more before both. */
function demands({ http }: ServedService): number {
  const isBound = http?.inbound === undefined ? 0 : 1
  return (http?.host === undefined ? 0 : 4) + (http?.port === undefined ? 0 : 2) + isBound
}

/** Compatibility: host and port are those of the Host header, whatever the listener has. */
function isFor({ http }: ServedService, head: RequestHead): boolean {
  if (http?.host === undefined && http?.port === undefined) return true
  const [, host = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(String(head.headers.host ?? '')) ?? []
  if (http.host !== undefined && http.host.toLowerCase() !== host.toLowerCase()) return false
  return (
    http.port === undefined || http.port === (port === undefined ? (head.isSecure ? 443 : 80) : Number(port))
  )
}
