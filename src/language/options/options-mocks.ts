import type { OptionEntry } from '../option-registry.ts'

function honoured(id: string, where: string, options: string): OptionEntry[] {
  return options
    .split(' ')
    .map(option => ({ id, option, status: 'honoured' as const, as: option, where: `mock ${where}` }))
}

function mapped(id: string, where: string, option: string, as: string): OptionEntry {
  return { id, option, status: 'mapped', as, where: `mock ${where}` }
}

function refused(id: string, where: string, option: string, as: string): OptionEntry {
  return { id, option, status: 'refused', as, where: `mock ${where}` }
}

/** The options of mock files, and of the command that serves them. */
export const mockOptions: readonly OptionEntry[] = [
  ...honoured('M-01', 'item', 'websocket'),
  ...honoured('M-01', 'websocket', 'path on-connect on-message'),
  ...honoured('M-02', 'on-connect', 'response responses in-turn set'),
  ...honoured('M-03', 'pattern', 'pattern response'),
  ...honoured('M-07', 'pattern', 'match'),
  ...honoured('M-09', 'websocket', 'strict'),
  ...honoured('M-09', 'endpoint', 'strict'),
  ...honoured('M-11', 'pattern', 'kind'),
  ...honoured('M-12', 'websocket', 'match'),
  ...honoured('M-13', 'websocket', 'unmatched'),
  ...honoured('M-13', 'unmatched', 'response responses close'),
  ...honoured('M-14', 'pattern', 'responses in-turn after'),
  ...honoured('M-14', 'response', 'delay text raw json binary file close'),
  ...honoured('M-14', 'binary', 'base64 hex'),
  ...honoured('M-14', 'close', 'code reason'),
  ...honoured('M-14', 'websocket', 'push subprotocols auth'),
  ...honoured('M-14', 'endpoint', 'auth'),
  ...honoured('M-14', 'auth', 'bearer username password'),
  ...honoured('M-14', 'push', 'every after times response responses in-turn when'),
  ...honoured('M-15', 'pattern', 'set when'),
  ...honoured('M-15', 'websocket', 'state'),
  ...honoured('M-18', 'item', 'endpoint listen'),
  ...honoured('M-18', 'listen', 'port host'),
  ...honoured('M-19', 'endpoint', 'method path response'),
  ...honoured('M-19', 'http response', 'status headers'),
  ...honoured('M-21', 'endpoint', 'query'),
  ...honoured('M-21', 'websocket', 'query'),
  ...honoured('M-22', 'http response', 'body'),
  ...honoured('M-23', 'http response', 'external-body'),
  ...honoured('M-23', 'external-body', 'provider path'),
  refused(
    'M-23',
    'external-body',
    'sheet-name',
    'spreadsheets are not read; save the sheet as CSV and use provider: csv.',
  ),
  ...honoured('M-24', 'endpoint', 'host'),
  ...honoured('M-24', 'websocket', 'host'),
  ...honoured('M-25', 'endpoint', 'rate-limit'),
  ...honoured('M-25', 'websocket', 'rate-limit'),
  ...honoured('M-25', 'rate-limit', 'window-ms max-requests key-fn'),
  ...honoured('M-26', 'endpoint', 'latency'),
  ...honoured('M-26', 'websocket', 'latency'),
  ...honoured('M-26', 'latency', 'min-ms max-ms failure-rate timeout-rate timeout-ms'),
  ...honoured('M-27', 'endpoint', 'webhook'),
  ...honoured('M-27', 'http response', 'webhook'),
  ...honoured('M-27', 'webhook', 'sleep-time if url method headers body'),
  ...honoured('M-04', 'pattern hole', 'json-params path-params query-params header-params state _'),
  ...honoured('M-05', 'template', '{{…}} json'),
  ...honoured('M-06', 'template', 'path-params'),
  ...honoured('M-08', 'template', 'query-params json-params header-params message now uuid random'),
  ...honoured('M-10', 'template', '#if else #each .0 .length'),
  ...honoured('M-15', 'template', 'state'),
  ...honoured('M-20', 'path', ':name |int |string |bool |boolean |float |double |uuid |date'),
  mapped('M-16', 'command', 'websocat', 'myelin ws'),
  mapped(
    'M-17',
    'server',
    'swagger',
    'GET /swagger.json, where a WebSocket is a GET answered with 101, and GET /asyncapi.json',
  ),
  ...honoured('M-28', 'server', '/ /docs /swagger.json'),
  ...honoured('M-29', 'file', 'openapi swagger'),
  refused('M-30', 'file', 'EDN', 'mock files are YAML.'),
  mapped('M-31', 'library', 'start-server', 'mock(file or list) of the SDK'),
  ...honoured('M-32', 'command', '--config --mocks --format --port --host --version'),
  ...honoured('M-32', 'environment', 'CONFIG MOCKS HOST PORT XDG_CONFIG_HOME'),
  refused('M-32', 'environment', 'SENTRY_DSN', 'errors are in the log.'),
  mapped('M-33', 'command', 'watch', 'always on'),
  mapped('M-34', 'command', 'docker', 'the image of the gateway, with the command mock'),
  mapped('M-35', 'command', 'log', '--format json'),
  ...honoured('M-36', 'template', 'fake'),
]
