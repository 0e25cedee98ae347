import { describe, expect, test } from 'vitest'
import { runMyelin } from './program.ts'

describe('myelin', () => {
  test.for([['version'], ['--version'], ['-V']])('%s prints the version', async args => {
    const { code, stdout, stderr } = await runMyelin(args)

    expect(stdout).toMatch(/^myelin \d+\.\d+\.\d+ \(node v\d+\.\d+\.\d+\)\n$/)
    expect(stderr).toBe('')
    expect(code).toBe(0)
  })

  test('help lists every command', async () => {
    const { code, stdout } = await runMyelin(['help'])

    for (const name of ['run', 'validate', 'ws', 'backend', 'version', 'help']) {
      expect(stdout).toMatch(new RegExp(`^  ${name}\\b`, 'm'))
    }
    expect(code).toBe(0)
  })

  test('help of a command tells its operands and options', async () => {
    const { code, stdout } = await runMyelin(['help', 'ws'])

    expect(stdout).toContain('Usage: myelin ws [options] [command] [url]')
    expect(stdout).toContain('--subprotocol <name>')
    expect(stdout).toContain('Example:\n  echo hello | myelin ws ws://')
    expect(code).toBe(0)
  })

  test('without a command the help goes to standard error', async () => {
    const { code, stdout, stderr } = await runMyelin([])

    expect(stdout).toBe('')
    expect(stderr).toContain('Usage: myelin')
    expect(code).toBe(2)
  })

  test.for<[string[], string]>([
    [['rnu'], "myelin: unknown command 'rnu'\n(Did you mean run?)\n"],
    [['help', 'validte'], "myelin: unknown command 'validte'\n(Did you mean validate?)\n"],
    [['validate', '--jsn', 'x'], "myelin: unknown option '--jsn'\n(Did you mean --json?)\n"],
    [['validate'], "myelin: missing required argument 'paths'\n"],
    [['version', 'now'], "myelin: too many arguments for 'version'. Expected 0 arguments but got 1: now.\n"],
    [
      ['backend', '--port', '65536'],
      "myelin: option '--port <port>' argument '65536' is invalid. A port is a whole number from 0 to 65535.\n",
    ],
    [
      ['ws', 'ws://localhost', '--header', 'no colon'],
      "myelin: option '--header <header>' argument 'no colon' is invalid. A header is 'Name: value'.\n",
    ],
  ])('%j is a call it does not understand', async ([args, message]) => {
    const { code, stdout, stderr } = await runMyelin(args)

    expect(stderr).toBe(message)
    expect(stdout).toBe('')
    expect(code).toBe(2)
  })
})
