import { CommanderError, Command as Program } from 'commander'
import type { BackendOptions } from './backend.ts'
import { type Command, header, oneOf, register, repeated, wholeNumber } from './command.ts'
import type { TestOptions } from './test.ts'
import { versionLine } from './version.ts'
import type { WsOptions } from './ws.ts'

/** Exit code of a call that could not be understood. */
const USAGE = 2

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [
  {
    name: 'run',
    summary: 'run the gateway with the configuration in these folders and files',
    operands: [['[paths...]', 'folders, XML files and CAR archives; default: config']],
    example: 'myelin run /etc/myelin',
    run: async paths => (await import('./run.ts')).run(paths),
  },
  {
    name: 'validate',
    summary: 'check configurations without running them',
    operands: [['<paths...>', 'folders, XML files and CAR archives']],
    options: [
      { flags: '--json', meaning: 'print the findings as JSON' },
      {
        flags: '--report',
        meaning: 'look at each file by itself and print what would run, folder by folder',
      },
    ],
    example: 'myelin validate config',
    run: async (paths, options) =>
      (await import('./validate.ts')).validate(paths, {
        json: options.json === true,
        report: options.report === true,
      }),
  },
  {
    name: 'test',
    summary: 'run the unit-test suites of Micro Integrator projects',
    operands: [['<paths...>', 'projects, folders with projects, and suites']],
    options: [
      {
        flags: '--report <kind>',
        meaning: 'plain text, json, or junit for build servers',
        default: 'plain',
        parse: oneOf('report', ['plain', 'json', 'junit']),
      },
      { flags: '--output <file>', meaning: 'write the report to a file; standard output gets plain text' },
      {
        flags: '--mock <file>',
        meaning: 'a mock service for an endpoint that a suite leaves as it is; repeatable',
        parse: repeated,
      },
    ],
    example: 'myelin test orders-project --report junit --output report.xml',
    run: async (paths, options) => (await import('./test.ts')).test(paths, options as TestOptions),
  },
  {
    name: 'ws',
    summary: 'connect to a WebSocket: sends each line of standard input, prints what is received',
    operands: [['<url>', 'a ws:// or wss:// address']],
    options: [
      {
        flags: '--header <header>',
        meaning: "'Name: value' for the upgrade request; repeatable",
        parse: header,
      },
      {
        flags: '--subprotocol <name>',
        meaning: 'offer a subprotocol; repeatable',
        parse: repeated,
      },
      {
        flags: '--binary <file>',
        meaning: 'send a file as one binary message first; repeatable',
        parse: repeated,
      },
      { flags: '--once', meaning: 'end after the first received message' },
      {
        flags: '--wait <ms>',
        meaning:
          'after the end of input, wait for answers until none came for this long; default 500, with --once 5000',
        parse: wholeNumber('time', 0, 86_400_000),
      },
      { flags: '--insecure', meaning: 'accept any certificate' },
    ],
    example: `echo hello | myelin ws ws://localhost:9091/websocket --subprotocol "synapse(contentType='text/plain')"`,
    run: async ([url], options) => (await import('./ws.ts')).ws(url ?? '', options as WsOptions),
  },
  {
    name: 'backend',
    summary: 'run a demo WebSocket backend that answers text in upper case and binary unchanged',
    options: [
      {
        flags: '--port <port>',
        meaning: 'port to listen on; 0 takes a free one',
        default: 8082,
        parse: wholeNumber('port', 0, 65_535),
      },
      { flags: '--host <host>', meaning: 'name or address to listen on', default: 'localhost' },
    ],
    example: 'myelin backend --port 8082',
    run: async (_operands, options) => (await import('./backend.ts')).backend(options as BackendOptions),
  },
  {
    name: 'version',
    summary: 'print the version',
    run: async () => {
      console.log(versionLine())
      return 0
    },
  },
  {
    name: 'help',
    summary: 'print this help, or that of a command',
    operands: [['[command]', 'a command of this list']],
    run: async ([name], _options, program) => (await import('./help.ts')).help(program, name),
  },
]

/**
 * Runs the command that the arguments name and gives the exit code: 0, 1 for a failure, 2 for a call that could not
 * be understood. Messages about either go to standard error.
 */
export async function main(args: readonly string[]): Promise<number> {
  let exitCode = 0
  const program = new Program('myelin')
    .description(
      'Integration-broker gateway that runs WSO2 and Apache Synapse configurations and mediates WebSocket.',
    )
    .version(versionLine(), '-V, --version', 'print the version')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'myelin: ')) })
  for (const command of commands) register(program, command, code => (exitCode = code))
  process.stdout.on('error', endWithReader)
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE
    console.error(`myelin: ${error instanceof Error ? error.message : String(error)}`)
    return 1
  }
}

/** Whoever read our output has gone, as in `myelin backend | head -1`; that is no failure. */
function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
}
