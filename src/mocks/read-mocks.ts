import { dirname, resolve } from 'node:path'
import type { Diagnostics } from '../language/diagnostic.ts'
import type { Source, Span } from '../language/source.ts'
import { readYaml, type YamlNode } from '../language/yaml.ts'
import type { ListenerAddress } from '../websocket/options.ts'
import { type HttpMock, readEndpoint } from './http-mock.ts'
import { MockFields, type MockReading } from './mock-reading.ts'
import { isOpenApi, openApiEndpoints } from './openapi.ts'
import { readWebSocket, type WebSocketMock } from './websocket-mock.ts'

/** What a mock file says. */
export interface MockFile {
  readonly source: Source
  readonly webSockets: readonly WebSocketMock[]
  readonly endpoints: readonly HttpMock[]
  /** The listener it asks for, where it asks for one of its own. */
  readonly listen: ListenerAddress | undefined
  readonly span: Span
}

/** Reads a mock file, or an OpenAPI description and its `answers`; what is wrong with it is reported. */
export function readMocks(source: Source, diagnostics: Diagnostics, answers?: string): MockFile | undefined {
  if (source.path.endsWith('.edn')) {
    const span = { source, start: 0, end: Math.min(1, source.text.length) }
    const hint = 'Write the same as YAML: a list of websocket and endpoint.'
    diagnostics.error(span, 'refused-option', 'EDN is refused: mock files are YAML.', hint)
    return undefined
  }
  const root = readYaml(source, diagnostics)
  if (!root) return undefined
  const reading = { diagnostics, folder: dirname(resolve(source.path)), strict: false }
  if (!isOpenApi(root)) return mockFileOf(root, reading)
  const endpoints = openApiEndpoints(root, answers, reading)
  return { source, webSockets: [], endpoints, listen: undefined, span: root.span }
}

/** Reads the values of a mock file. */
function mockFileOf(root: YamlNode, reading: MockReading): MockFile {
  const webSockets: WebSocketMock[] = []
  const endpoints: HttpMock[] = []
  let listen: ListenerAddress | undefined
  const { source } = root.span
  const items = root.kind === 'list' ? root.items : root.kind === 'map' ? [root] : []
  if (items.length === 0)
    reading.diagnostics.error(root.span, 'bad-value', 'A mock file is a list of websocket and endpoint.')
  for (const item of items) {
    if (item.kind !== 'map') {
      reading.diagnostics.error(
        item.span,
        'bad-value',
        'An item of a mock file is websocket, endpoint or listen.',
      )
      continue
    }
    const fields = new MockFields(item, 'item', reading, 'mock file')
    const [webSocket, endpoint] = [fields.get('websocket'), fields.get('endpoint')]
    const readSocket = webSocket && readWebSocket(webSocket, reading)
    if (readSocket) webSockets.push(readSocket)
    const readHttp = endpoint && readEndpoint(endpoint, reading)
    if (readHttp) endpoints.push(readHttp)
    listen ??= readListen(fields)
  }
  return { source, webSockets, endpoints, listen, span: root.span }
}

function readListen(fields: MockFields): ListenerAddress | undefined {
  const node = fields.get('listen')
  if (!node) return undefined
  if (node.kind === 'scalar') {
    const port = fields.number('listen', { max: 65_535 })
    return port === undefined ? undefined : { port }
  }
  const inner = fields.fields('listen')
  const port = inner?.required('port') && inner.number('port', { max: 65_535 })
  const host = inner?.text('host')
  return port === undefined ? undefined : { port, ...(host !== undefined && { host }) }
}
