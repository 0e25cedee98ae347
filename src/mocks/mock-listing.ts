import { asyncApiDocument } from '../asyncapi/document.ts'
import type { ChannelServer } from '../core/channel-model.ts'
import { mockChannels } from './mock-channels.ts'
import type { MockSet } from './mock-set.ts'

/** Writes the page that lists what is mocked. */
export function homePage({ webSockets, endpoints }: MockSet): string {
  const rows = [
    ...webSockets.map(({ address, rules }) => ['WS', address.path.text, `${rules.length} patterns`]),
    ...endpoints.map(({ method, address, answer }) => [method, address.path.text, String(answer.status)]),
  ]
  const cells = rows.map(row => `<tr>${row.map(cell => `<td>${escaped(cell)}</td>`).join('')}</tr>`)
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Mocks</title>
<style>body{font:16px system-ui;margin:2rem}td{padding:.25rem 1rem .25rem 0}</style></head>
<body><h1>Mocks</h1><table>${cells.join('\n')}</table><p><a href="/swagger.json">OpenAPI</a> <a href="/asyncapi.json">AsyncAPI</a></p></body></html>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}

/** Describes what is mocked, as OpenAPI; a WebSocket is the GET that asks for the upgrade. */
export function openApi({ webSockets, endpoints }: MockSet): unknown {
  const paths: Record<string, Record<string, unknown>> = {}
  const add = (path: string, method: string, operation: unknown): void => {
    paths[path] ??= {}
    paths[path][method] = operation
  }
  for (const {
    address: { path },
  } of webSockets)
    add(path.template, 'get', {
      summary: `WebSocket ${path.text}`,
      ...parametersOf(path.parameters),
      responses: { 101: { description: 'Switching Protocols: WebSocket connection established' } },
    })
  for (const {
    method,
    address: { path },
    answer,
  } of endpoints)
    add(path.template, method.toLowerCase(), {
      summary: `${method} ${path.text}`,
      ...parametersOf(path.parameters),
      responses: {
        [answer.status]: {
          description: `Answer ${answer.status}`,
          ...(answer.contentType !== '' && { content: { [answer.contentType]: {} } }),
        },
      },
    })
  return { openapi: '3.0.3', info: { title: 'Mocks', version: '1' }, paths }
}

function parametersOf(names: readonly string[]): { readonly parameters?: unknown } {
  if (names.length === 0) return {}
  return {
    parameters: names.map(name => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
  }
}

/** Describes the WebSockets that are mocked, as AsyncAPI: a channel each, with the patterns it answers. */
export function asyncApi(set: MockSet, server: ChannelServer): unknown {
  const placed = mockChannels(set).map(channel => ({ channel, servers: [server] }))
  return asyncApiDocument({ title: 'Mocks' }, placed)
}
