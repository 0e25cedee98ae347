import { CommanderError, Command as Program } from 'commander'
import { letGo } from '../cluster/worker.ts'
import type { AsyncApiOptions } from './asyncapi.ts'
import type { BackendOptions } from './backend.ts'
import { collectionCommands, wsCommand } from './collection-commands.ts'
import { type Command, oneOf, register, repeated, wholeNumber, workerCount } from './command.ts'
import type { MockOptions } from './mock.ts'
import { mockCommandOptions, mockFromCommand } from './mock-command-options.ts'
import { operatingCommands } from './operating.ts'
import type { TestOptions } from './test.ts'
import { versionLine } from './version.ts'

/** Exit code of a call that could not be understood. */
const USAGE = 2

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [
  {
    name: 'run',
    summary: 'run the gateway with the configuration in these folders and files',
    operands: [['[paths...]', 'folders, XML files and CAR archives; default: config']],
    options: [
      {
        flags: '--workers <count>',
        meaning: 'run it in so many processes that share its ports; auto is one for each core',
        parse: workerCount,
      },
    ],
    example: 'myelin run /etc/myelin',
    run: async (paths, { workers }) =>
      workers === undefined
        ? (await import('./run.ts')).run(paths)
        : (await import('./workers.ts')).runWorkers(paths, workers as number | 'auto'),
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
    name: 'explain',
    summary: 'print what services were compiled to: paths, events and their steps',
    operands: [['[paths...]', 'folders, files and CAR archives; default: config']],
    options: [{ flags: '--json', meaning: 'print it as JSON' }],
    example: 'myelin explain config',
    run: async (paths, options) =>
      (await import('./explain.ts')).explain(paths.length > 0 ? paths : ['config'], {
        json: options.json === true,
      }),
  },
  {
    name: 'asyncapi',
    summary: 'describe the WebSockets of a configuration as an AsyncAPI 3.0 document',
    operands: [['[paths...]', 'folders, files and CAR archives; default: config']],
    options: [
      { flags: '--output <file>', meaning: 'write it to a file; default standard output' },
      { flags: '--service <name>', meaning: 'describe this service alone' },
      {
        flags: '--format <format>',
        meaning: 'yaml or json',
        default: 'yaml',
        parse: oneOf('format', ['yaml', 'json']),
      },
      { flags: '--title <text>', meaning: 'title of the document; default the name of the service' },
      { flags: '--api-version <text>', meaning: 'version of what is described; default 1.0.0' },
      { flags: '--host <name>', meaning: 'where clients reach the gateway; default where it listens' },
    ],
    example: 'myelin asyncapi config --output asyncapi.yaml',
    run: async (paths, options) =>
      (await import('./asyncapi.ts')).asyncApi(
        paths.length > 0 ? paths : ['config'],
        options as AsyncApiOptions,
      ),
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
  wsCommand,
  ...collectionCommands,
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
    name: 'mock',
    summary: 'serve mocks of WebSockets and HTTP endpoints',
    operands: [['[files...]', 'mock files, and folders of such; default: CONFIG, else mocks.yml']],
    options: mockCommandOptions,
    example: 'myelin mock mocks.yml --port 8000',
    commands: [mockFromCommand],
    run: async (files, options) => (await import('./mock.ts')).mock(files, options as MockOptions),
  },
  {
    name: 'hash-password',
    summary: 'read a password from standard input and print what a list of users has in its place',
    example: 'myelin hash-password',
    run: async () => (await import('./hash-password.ts')).printPasswordHash(),
  },
  {
    name: 'options',
    summary: 'print what becomes of an option that you bring along: honoured, mapped or refused',
    operands: [['[name]', 'name or id of an option, or a part of a name; default all']],
    options: [{ flags: '--json', meaning: 'print it as JSON' }],
    example: 'myelin options idleTimeout',
    run: async ([name], options) =>
      (await import('./options.ts')).options(name, { json: options.json === true }),
  },
  ...operatingCommands,
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
    // A worker that could not begin would wait for who started it, and that one for the worker.
    letGo()
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
