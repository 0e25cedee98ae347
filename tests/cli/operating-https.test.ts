// The commands that talk to a gateway whose management API is served over HTTPS.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { testAuthority } from '../support/certificates.ts'
import { proxy } from '../support/configurations.ts'
import { type Ended, MYELIN, startProgram } from './program.ts'

const ORDERS = `
  ${proxy('orders', '<store messageStore="Orders"/>')}
  <messageStore name="Orders"/>
  <messageProcessor name="Forward" messageStore="Orders" targetEndpoint="Nobody" class="org.apache.synapse.message.processor.impl.forwarder.ScheduledMessageForwardingProcessor">
    <parameter name="is.active">false</parameter></messageProcessor>
  <endpoint name="Nobody"><address uri="http://127.0.0.1:9/"/></endpoint>`

test('all commands check its certificate, by the authority they are given or by what it left for its user', async () => {
  using made = await testAuthority()
  const { folder } = made
  mkdirSync(join(folder.path, 'config'))
  folder.write(
    'config/all.xml',
    `<definitions xmlns="http://ws.apache.org/ns/synapse">${ORDERS}</definitions>`,
  )
  folder.write(
    'config/deployment.toml',
    `transport.http.listener.port = 0
transport.http.listener.secured_port = 0
management.probe.port = 0
management_api.port = 0
keystore.tls.file_name = ${JSON.stringify(made.serverStore)}
keystore.tls.password = "unused"
myelin.data_folder = ${JSON.stringify(join(folder.path, 'data'))}
`,
  )
  const authority = folder.write('authority.pem', made.authority.cert)
  const stranger = folder.write('stranger.pem', made.stranger.cert)
  const env = { ...process.env, MYELIN_MANAGEMENT_TOKEN: 'shown' }
  const own = { ...env, MYELIN_RUN_FOLDER: join(folder.path, 'run') }
  // Of another user, who knows the address, the token and the authority, and nothing else.
  const other = { ...env, MYELIN_RUN_FOLDER: join(folder.path, 'run-of-another') }
  await using running = startProgram(MYELIN, ['run', join(folder.path, 'config')], own)
  const { input } = await running.prints(/"msg":"ready"}\n/)
  const url = /management API at (\S+)\/management/.exec(input)?.[1] ?? ''
  expect(url).toMatch(/^https:\/\/localhost:/)
  const http = /orders at (http:[^"]+)/.exec(input)?.[1] ?? ''
  expect((await fetch(http, { method: 'POST', body: 'x' })).status).toBe(202)

  const run = async (as: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<Ended> => {
    await using command = startProgram(MYELIN, args, as)
    command.endInput()
    return await command.ended()
  }
  const byOther = (...args: readonly string[]): Promise<Ended> =>
    run(other, ...args, '--url', url, '--ca', authority)

  const [ledger, stores, processors, letters] = await Promise.all(
    [['ledger', 'check'], ['stores'], ['processors'], ['dead-letters']].map(args => byOther(...args)),
  )
  expect(ledger).toMatchObject({ code: 0, stderr: '' })
  expect(ledger!.stdout).toContain('received 1, ended 1, in flight 0')
  expect(stores!.stdout).toMatch(/^Orders +in memory +1 +0$/m)
  expect(processors!.stdout).toMatch(/^Forward +\S+ +inactive$/m)
  expect(letters).toMatchObject({ code: 0, stderr: '' })

  const [unknown, wrong, local] = await Promise.all([
    run(other, 'stores', '--url', url),
    run(other, 'stores', '--url', url, '--ca', stranger),
    run(own, 'stores'),
  ])
  for (const refused of [unknown, wrong]) {
    expect(refused.code).toBe(1)
    expect(refused.stdout).toBe('')
    expect(refused.stderr).toContain(`the certificate of ${url} is not trusted`)
  }
  expect(local).toMatchObject({ code: 0, stdout: stores!.stdout })

  const resent = await byOther('dead-letters', 'resend', '--store', 'Orders', '--all')
  expect(resent).toMatchObject({ code: 0, stdout: '0 sent again\n' })
  const drained = await byOther('drain')
  expect(drained.stdout).toMatch(/it held 1 when the process ended/)
  expect(drained.code).toBe(1)
  expect((await running.ended()).code).toBe(0)
}, 60_000)
