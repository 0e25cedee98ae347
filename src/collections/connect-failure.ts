import type { DialError } from '../websocket/dial.ts'

/** Why a connection could not be opened, for people. */
export interface ConnectFailure {
  /** How far it came: `DNS`, `TCP`, `TLS`, `HTTP`, `handshake`. */
  readonly step: string
  readonly elapsedMs: number
  /** One thing that may help; empty where nothing would. */
  readonly fix: string
  /** What the server answered, where it did. */
  readonly status?: number | undefined
  /** Names and values in turn. */
  readonly headers?: readonly string[] | undefined
  readonly body?: string | undefined
}

const STEPS: Readonly<Record<DialError['failure'], string>> = {
  address: 'address',
  dns: 'DNS',
  refused: 'TCP',
  network: 'TCP',
  timeout: 'TCP',
  tls: 'TLS',
  status: 'HTTP',
  protocol: 'handshake',
  crowded: 'TCP',
  aborted: 'interrupted',
}

/**
 * Explains a failure: how far it came, how long that took, what the server said, and what may help.
 * @param isOfCollection whether what is lacking has to be given in a collection, and not on a command line
 */
export function connectFailure(
  url: string,
  error: DialError,
  elapsedMs: number,
  isOfCollection = false,
): ConnectFailure {
  const { failure, status, refusal, step } = error
  return {
    step: step ?? STEPS[failure],
    elapsedMs,
    fix: fixFor(url, error, isOfCollection),
    ...(status !== undefined && { status }),
    ...(refusal && { headers: refusal.headers }),
    ...(refusal?.body && refusal.body.length > 0 && { body: refusal.body.toString() }),
  }
}

function fixFor(
  url: string,
  { failure, status = 0, refusal, cause, step }: DialError,
  isOfCollection: boolean,
): string {
  switch (failure) {
    case 'address':
      return 'give an address such as ws://localhost:9091/websocket'
    case 'refused':
      return `nothing listens on ${new URL(url).host}: start the server, or correct the port`
    case 'dns':
      return `the host name ${new URL(url).hostname} is unknown here: correct it`
    case 'network':
      return (cause as NodeJS.ErrnoException | undefined)?.code === 'EPROXY'
        ? 'look at HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY'
        : 'what listens there may want wss://, or there is no way to it from here'
    case 'timeout':
      return step === 'TCP' || step === undefined
        ? 'the host is unreachable: a firewall, or the wrong port'
        : 'what listens there may speak no WebSocket, or may want wss://'
    case 'tls':
      return 'trust its issuer with NODE_EXTRA_CA_CERTS=file.pem, or accept any certificate with --insecure'
    case 'status':
      return fixForStatus(status, refusal?.headers ?? [], refusal?.body?.toString() ?? '', isOfCollection)
    case 'protocol':
      return 'what listens there may speak no WebSocket, or may want wss://'
    case 'crowded':
      return 'try again later'
    default:
      return ''
  }
}

function fixForStatus(
  status: number,
  headers: readonly string[],
  body: string,
  isOfCollection: boolean,
): string {
  if (status === 401 || status === 403)
    return isOfCollection
      ? 'it wants credentials; give them in auth or headers of the collection'
      : "it wants credentials; pass them with --header 'Authorization: …'"
  if (status === 404) return 'no WebSocket is served on this path'
  if (status === 407) return 'the proxy wants a name and a password in its address'
  if (status === 426) return 'it wants another version of the protocol'
  if (status === 429 || status >= 500) return 'the server has trouble of its own: try again later'
  if (status >= 300 && status < 400) {
    const at = headers.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'location')
    return `use the address it names${at < 0 ? '' : `: ${headers[at + 1]}`}`
  }
  if (status === 400) {
    if (!/^\s*(?:400\s*)?(?:bad request)?[\s.]*$/i.test(body)) return ''
    return `it may want a subprotocol; offer one with ${isOfCollection ? 'subprotocols of the connection' : '--subprotocol'}`
  }
  return 'no WebSocket is served on this path'
}
