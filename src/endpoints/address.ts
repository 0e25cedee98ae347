import { endpointKind } from '../language/declare.ts'
import { attribute } from '../language/field.ts'
import { statistics, trace } from '../language/observation.ts'
import { Expected, type ValueType } from '../language/types.ts'
import { SharedLinks } from './shared-links.ts'
import { WebSocketEndpoint } from './websocket.ts'

const LATER = 'endpoint policies come with a later version'

/** An address we can send to. */
const address: ValueType<string> = {
  name: 'ws:// or wss:// address',
  parse(text) {
    const uri = text.trim()
    const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(uri)?.[1]?.toLowerCase()
    if (scheme !== 'ws' && scheme !== 'wss') {
      const known = ['http', 'https', 'jms', 'vfs', 'mailto', 'local', 'rabbitmq', 'hl7', 'fix'].includes(
        scheme ?? '',
      )
      throw new Expected(
        'a ws:// or wss:// address',
        known ? `${scheme}: endpoints are not supported yet.` : undefined,
      )
    }
    if (!URL.canParse(uri)) throw new Expected('an address such as ws://host:port/path')
    const url = new URL(uri)
    if (url.hash !== '') throw new Expected('an address without a fragment (#…)')
    return uri
  },
}

/** An endpoint at a fixed address. */
export const addressEndpoint = endpointKind({
  element: 'address',
  summary: 'An endpoint at a fixed address. ws:// and wss:// addresses get a persistent WebSocket.',
  fields: {
    uri: attribute(address, { doc: 'Where to send to.', required: true }),
    statistics,
    trace,
  },
  ignored: {
    format: 'a WebSocket message leaves in the type that messageType says',
    optimize: 'a WebSocket message has no attachments',
    encoding: 'WebSocket text is UTF-8',
    timeout: LATER,
    markForSuspension: LATER,
    suspendOnFailure: LATER,
    suspendDurationOnFailure: LATER,
    retryConfig: LATER,
  },
  unsupported: {
    enableAddressing: 'a WebSocket message carries no WS-Addressing headers of its own',
    enableSec: 'WS-Security is not there',
  },
  notes:
    'Each client session has a link of its own to an address, HTTP callers share one. The full address, query included, tells links apart. A link that ends is opened anew by the next message.',
  example: `<endpoint><address uri="ws://localhost:8082/websocket"/></endpoint>`,
  compile({ uri }, build, name) {
    const shared = build.resource('links shared by callers without a session', () => new SharedLinks())
    return new WebSocketEndpoint(name || uri, uri, build.settings.webSocket, shared)
  },
})
