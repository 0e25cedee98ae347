import type { ProxyOptions } from './options.ts'

const DEFAULT_PORTS: Readonly<Record<string, string>> = {
  'ws:': '80',
  'wss:': '443',
  'http:': '80',
  'https:': '443',
}

/**
 * Finds the proxy that the environment names for a URL: HTTPS_PROXY for `wss`, HTTP_PROXY for `ws`, ALL_PROXY for both,
 * in small letters too, but for the hosts of NO_PROXY.
 * @throws Error where the variable holds no http URL
 */
export function proxyOfEnvironment(
  url: URL,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): ProxyOptions | undefined {
  const read = (name: string): string | undefined =>
    environment[name.toLowerCase()] || environment[name] || undefined
  const name = url.protocol === 'wss:' || url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'
  const written = read(name) ?? read('ALL_PROXY')
  if (written === undefined || isExcepted(url, read('NO_PROXY') ?? '')) return undefined
  const proxy = URL.parse(written.includes('://') ? written : `http://${written}`)
  if (proxy?.protocol !== 'http:')
    throw new Error(`the environment names the proxy ${written}; it must be an http URL`)
  return {
    host: bare(proxy.hostname),
    port: Number(proxy.port || 80),
    ...(proxy.username !== '' && {
      userName: decodeURIComponent(proxy.username),
      password: decodeURIComponent(proxy.password),
    }),
  }
}

/** A host of the list stands for itself and all below it, with a port for that port alone; `*` for all. */
function isExcepted(url: URL, list: string): boolean {
  const host = bare(url.hostname).toLowerCase()
  const port = url.port || DEFAULT_PORTS[url.protocol]
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(each => each !== '')
    .some(each => {
      if (each === '*') return true
      const [, listed = '', ofPort] = /^(\[.*\]|[^:]*|.*:.*:.*?)(?::(\d+))?$/.exec(each) ?? []
      const name = bare(listed).replace(/^\*?\./, '')
      return (ofPort === undefined || ofPort === port) && (host === name || host.endsWith(`.${name}`))
    })
}

function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1')
}
