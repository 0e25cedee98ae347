// One service in each notation does the same: clients see no difference.

import { describe, expect, test } from 'vitest'
import { connect, refusal } from '../support/clients.ts'
import { startService } from './serve.ts'

const XML = `<service xmlns="urn:myelin" name="echo" basePath="/test" upgradePath="/websocket">
  <onMessage><log level="custom"><property name="seen" value="yes"/></log><respond/></onMessage>
</service>`

const YAML = `
name: echo
basePath: /test
upgradePath: /websocket
on-message:
  - log:
      level: custom
      property: [{name: seen, value: "yes"}]
  - respond
`

const MODULE = `
import { service } from 'myelin'
export default service({
  name: 'echo',
  basePath: '/test',
  upgradePath: '/websocket',
  onMessage: [{ log: { level: 'custom', property: [{ name: 'seen', value: 'yes' }] } }, 'respond'],
})
`

const FUNCTION = `
import { service } from 'myelin'
export default service({
  name: 'echo',
  basePath: '/test',
  upgradePath: '/websocket',
  onMessage: async (caller, data: string) => data,
})
`

describe.each([
  ['echo.xml', XML],
  ['echo.yaml', YAML],
  ['echo.ts', MODULE],
  ['function.ts', FUNCTION],
])('%s', (name, text) => {
  test('echoes text and bytes', async () => {
    await using gateway = await startService(name, text)
    using client = await connect(gateway.url('ws'))
    client.send('hello')
    expect(await client.received.text()).toBe('hello')
    client.send(Buffer.from([0, 1, 255]))
    expect(await client.received.next()).toEqual({ data: Buffer.from([0, 1, 255]), isBinary: true })
  })
})

test('an upgrade elsewhere is refused', async () => {
  await using gateway = await startService('echo.xml', XML)
  const url = new URL(gateway.url('ws'))
  expect(await refusal(`ws://${url.host}/test/other`)).toMatchObject({ status: 404 })
})

test('the path of the upgrade asks for one', async () => {
  await using gateway = await startService('echo.yaml', YAML)
  const url = new URL(gateway.url('ws'))
  const response = await fetch(`http://${url.host}/test/websocket`)
  expect([response.status, response.headers.get('upgrade')]).toEqual([426, 'websocket'])
})
