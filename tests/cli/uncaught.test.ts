// What a module of the configuration throws when nobody waits for it does not end the gateway.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { TestFolder } from '../support/certificates.ts'
import { connect } from '../support/clients.ts'
import { myelin } from './program.ts'

const LATER = {
  'a write to a client that has gone': `caller.writeMessage('x')`,
  'a rejection': `Promise.reject(new Error('rejected'))`,
  'a rejection with no error': `Promise.reject('rejected')`,
  'an exception': `throw new Error('thrown')`,
}

test.each(Object.entries(LATER))('%s, later', async (_what, code) => {
  using folder = new TestFolder()
  folder.write('deployment.toml', 'transport.http.listener.port = 0\nmanagement.probe.port = 0')
  mkdirSync(join(folder.path, 'services'))
  folder.write(
    'services/later.ts',
    `export default {
      basePath: '/later',
      onMessage: () => 'here',
      onClose: caller => { setTimeout(() => { ${code} }, 1) },
    }`,
  )
  await using running = myelin('run', folder.path)
  const [, url = ''] = await running.prints(/"url":"(ws:[^"]+)"/)
  await running.prints(/"msg":"ready"/)
  using other = await connect(url)
  using client = await connect(url)
  void client.close()
  await running.prints(/nothing caught an error of this module/)

  expect(await other.ask('still?')).toBe('here')
  running.kill('SIGTERM')
  const { code: exitCode, stdout } = await running.ended()
  expect(exitCode).toBe(0)
  expect(stdout).not.toContain('"level":"fatal"')
})
