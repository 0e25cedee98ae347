// Mediators in YAML: what each spelling becomes, by what is compiled of it.

import { expect, test } from 'vitest'
import { explainText } from '../../src/deployment/explain.ts'
import { buildGateway } from '../support/gateway.ts'

function stepsOf(yaml: string): string {
  const { gateway } = buildGateway({ files: { 'a.yaml': `onMessage:\n${yaml}` } })
  expect(gateway.diagnostics.all().filter(({ severity }) => severity === 'error')).toEqual([])
  return explainText(gateway.models).split('onMessage\n')[1]!.replace(/^ {4}/gm, '')
}

test.each([
  ['- respond', 'respond'],
  ['- property: {name: a, value: 1.10}', 'property name=a value=1.10'],
  ['- header: {name: X, scope: transport, value: v}', 'header name=X scope=transport value=v'],
  ['- sendToGroup: all', 'sendToGroup name=all'],
  ['- log: {level: custom, property: {name: a, value: b}}', 'log level=custom\n  property name=a value=b'],
  [
    '- switch: {source: json-eval($.a), case: [{regex: x, steps: [drop]}], default: [respond]}',
    'switch source=json-eval($.a)\n  case regex=x\n    drop\n  default\n    respond',
  ],
  [
    '- payloadFactory: {media-type: json, format: {a: 1}, args: {arg: {expression: json-eval($.a)}}}',
    'payloadFactory media-type=json\n  format "{\\"a\\":1}"\n  args\n    arg expression=json-eval($.a)',
  ],
  [
    '- call: {endpoint: {address: {uri: "ws://localhost:1/", timeout: {duration: 5000, responseAction: fault}}}}',
    'call\n  endpoint\n    address uri=ws://localhost:1/\n      timeout\n        duration "5000"\n        responseAction "fault"',
  ],
])('%s', (yaml, expected) => {
  expect(stepsOf(yaml)).toBe(expected)
})
