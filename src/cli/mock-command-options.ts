import { type CommandOption, oneOf, repeated, wholeNumber } from './command.ts'

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
