import { type Command, type CommandOption, oneOf, repeated, wholeNumber } from './command.ts'
import type { MockFromOptions } from './mock-from.ts'

/** What `myelin mock` can be told; each has a variable of the environment where one is named. */
export const mockCommandOptions: readonly CommandOption[] = [
  {
    flags: '--port <port>',
    meaning: 'port to listen on, 0 takes a free one; default: PORT, else 8000',
    parse: wholeNumber('port', 0, 65_535),
  },
  { flags: '--host <host>', meaning: 'name or address to listen on; default: HOST, else localhost' },
  {
    flags: '-c, --config <file>',
    meaning: 'a mock file, or an OpenAPI description; repeatable',
    parse: repeated,
  },
  {
    flags: '-m, --mocks <file>',
    meaning: 'answers for the operations of an OpenAPI description; default: MOCKS',
  },
  {
    flags: '-f, --format <format>',
    meaning: 'lines for people, println, or json',
    default: 'println',
    parse: oneOf('format', ['println', 'json']),
  },
  {
    flags: '--verify',
    meaning:
      'say at the end what was never asked for; exit code 1 if there is any, or if something was unmatched',
  },
  {
    flags: '--seed <number>',
    meaning: 'make up the same data each time',
    parse: wholeNumber('seed', 0, 2 ** 32 - 1),
  },
  { flags: '-v, --version', meaning: 'print the version' },
]

/** Makes a mock file of conversations. */
export const mockFromCommand: Command = {
  name: 'from',
  summary: 'make a mock file that has saved conversations again',
  operands: [
    [
      '<conversations...>',
      'HTTP archives (HAR) of browsers or of myelin ws --save-conversation, its JSON lines, or its folders',
    ],
  ],
  options: [
    { flags: '--output <file>', meaning: 'write it to a file; default standard output' },
    { flags: '--with-delays', meaning: 'answers take as long as they took' },
  ],
  example: 'myelin mock from talk.har --output mocks.yml',
  run: async (paths, options) => (await import('./mock-from.ts')).mockFrom(paths, options as MockFromOptions),
}
