import { expect, test } from 'vitest'
import { runMyelin } from './program.ts'

test('an option is found by its name, whatever the case', async () => {
  const { code, stdout } = await runMyelin(['options', 'idletimeout'])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^ID +OPTION +WHERE +STATUS +AS\n/)
  expect(stdout).toMatch(/^B-27 +idleTimeout +service +honoured +idleTimeout$/m)
})

test('by its id, with all that have it', async () => {
  const { code, stdout } = await runMyelin(['options', 'W-30', '--json'])
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toEqual([
    {
      id: 'W-30',
      option: 'ws.pipeline.handler.class',
      status: 'refused',
      as: expect.stringContaining('onUpgrade'),
      where: 'inbound ws',
    },
  ])
})

test('and by a part of its name; of all without one', async () => {
  const part = await runMyelin(['options', 'thread.pool'])
  expect(part.stdout.match(/^W-24 /gm)).toHaveLength(2)
  const all = await runMyelin(['options'])
  expect(all.stdout.split('\n').length).toBeGreaterThan(500)
})

test('a name that nothing has is a failure, with one that is near', async () => {
  const { code, stdout, stderr } = await runMyelin(['options', 'idelTimeout'])
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toBe('myelin: there is no option idelTimeout. Did you mean idleTimeout?\n')
})
