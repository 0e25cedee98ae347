import type { CollectionFileOptions } from './collection-file.ts'
import type { Command, CommandOption } from './command.ts'
import { header, oneOf, repeated, wholeNumber } from './command.ts'
import { retrySetting } from './retry-setting.ts'
import type { RunCollectionOptions } from './run-collection.ts'
import type { WsItemOptions } from './ws-items.ts'
import type { WsOptions } from './ws-plan.ts'
import type { WsRepeatOptions } from './ws-repeat.ts'

const environment: CommandOption = {
  flags: '--environment <name>',
  meaning: 'the environment whose values count; default the current one of the file',
}
const variable: CommandOption = {
  flags: '--variable <name=value>',
  meaning: 'a value that goes before those of the file; repeatable',
  parse: repeated,
}
const insecure: CommandOption = { flags: '--insecure', meaning: 'accept any certificate' }
const output = (what: string): CommandOption => ({ flags: '--output <file>', meaning: what })
const count = (flags: string, meaning: string, fallback: number, max = 1_000_000): CommandOption => ({
  flags,
  meaning,
  default: fallback,
  parse: wholeNumber('number', 1, max),
})

const inner: readonly Command[] = [
  {
    name: 'list',
    summary: 'print the connections of a collection, and their messages',
    operands: [['<file>', 'a collection']],
    options: [environment, variable],
    example: 'myelin ws list orders.yaml',
    run: async ([file], options) => (await import('./ws-items.ts')).list(file!, options as WsItemOptions),
  },
  {
    name: 'add',
    summary: 'add a connection to a collection; makes the file where there is none',
    operands: [
      ['<file>', 'a collection'],
      ['<name>', 'the new connection'],
      ['<url>', 'its address'],
    ],
    options: [{ flags: '--folder <path>', meaning: 'a folder of the collection, such as Admin/Users' }],
    example: 'myelin ws add orders.yaml Echo ws://localhost:9091/websocket',
    run: async ([file, name, url], options) =>
      (await import('./ws-items.ts')).add(file!, name!, url!, options as WsItemOptions),
  },
  {
    name: 'rename',
    summary: 'rename a connection of a collection',
    operands: [
      ['<file>', 'a collection'],
      ['<name>', 'its name, or the path of its folders and its name'],
      ['<new-name>', 'its new name'],
    ],
    example: 'myelin ws rename orders.yaml Echo "Echo, upper case"',
    run: async ([file, name, newName]) => (await import('./ws-items.ts')).rename(file!, name!, newName!),
  },
  {
    name: 'repeat',
    summary: 'send messages of a collection again and again, and print how long the answers took',
    options: [
      { flags: '--collection <file>', meaning: 'a collection' },
      { flags: '--connection <name>', meaning: 'a connection of it' },
      environment,
      variable,
      {
        flags: '--send <name>',
        meaning: 'a message to send; repeatable; default all but closes',
        parse: repeated,
      },
      count('--connections <count>', 'connections that are open at a time', 1, 10_000),
      count('--repetitions <count>', 'how often each connection sends the messages, or each row is taken', 1),
      {
        flags: '--parallel <count>',
        meaning: 'iterations under way at a time; default as many as connections',
        parse: wholeNumber('number', 1, 10_000),
      },
      {
        flags: '--delay <ms>',
        meaning: 'pause after an iteration',
        default: 0,
        parse: wholeNumber('time', 0, 86_400_000),
      },
      {
        flags: '--rate <count>',
        meaning: 'iterations that begin in a second at most',
        parse: wholeNumber('rate', 1, 1_000_000),
      },
      {
        flags: '--rows <file>',
        meaning: 'values of variables for the iterations: CSV, or a JSON list of objects',
      },
      {
        flags: '--mode <mode>',
        meaning: 'take the rows in turn, or any row: sequential, random',
        default: 'sequential',
        parse: oneOf('mode', ['sequential', 'random']),
      },
      {
        flags: '--timeout <ms>',
        meaning: 'how long an answer may take; 0 waits for none',
        default: 5_000,
        parse: wholeNumber('time', 0, 86_400_000),
      },
      {
        flags: '--report <kind>',
        meaning: 'plain text, csv, or json',
        default: 'plain',
        parse: oneOf('report', ['plain', 'csv', 'json']),
      },
      output('write the report to a file; standard output gets plain text'),
      insecure,
    ],
    example:
      'myelin ws repeat --collection orders.yaml --connection Echo --send Hello --connections 10 --repetitions 100',
    run: async (_operands, options) => (await import('./ws-repeat.ts')).wsRepeat(options as WsRepeatOptions),
  },
]

/** The client. */
export const wsCommand: Command = {
  name: 'ws',
  summary: 'connect to a WebSocket: sends each line of standard input, prints what is received',
  operands: [['[url]', 'a ws:// or wss:// address; or --collection']],
  options: [
    {
      flags: '--header <header>',
      meaning: "'Name: value' for the upgrade request; repeatable",
      parse: header,
    },
    { flags: '--subprotocol <name>', meaning: 'offer a subprotocol; repeatable', parse: repeated },
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
    insecure,
    { flags: '--collection <file>', meaning: 'take the connection from a collection' },
    { flags: '--connection <name>', meaning: 'a connection of the collection; default the only one' },
    environment,
    variable,
    {
      flags: '--send <name>',
      meaning: 'send a message of the connection first; repeatable',
      parse: repeated,
    },
    {
      flags: '--save-message <number file...>',
      meaning:
        'write a received message into a file, byte for byte: its number from 1, or -1 for the last one',
    },
    {
      flags: '--save-conversation <file>',
      meaning:
        'write all that was sent and received: JSON lines, an HTTP archive for a name in .har, or a folder for one that ends in /',
    },
    { flags: '--with-secrets', meaning: 'leave secrets in what is saved' },
    { flags: '--show-control-frames', meaning: 'print pings and pongs' },
    {
      flags: '--reconnect',
      meaning: 'open the connection again when it is lost, and try until it can be had',
    },
    {
      flags: '--retry <name=value>',
      meaning:
        'the same, and how: maxCount=5, interval=1, backOffFactor=2, maxWaitInterval=30, retryOn=connect,loss,1012; repeatable',
      parse: retrySetting,
    },
    {
      flags: '--words',
      meaning:
        'take bye and ping as commands too, beside /send, /ping, /close and /save, which count on a terminal and with a collection',
    },
    { flags: '--no-words', meaning: 'send every line as it is' },
    { flags: '--verbose', meaning: 'print how the handshake went' },
  ],
  example: `echo hello | myelin ws ws://localhost:9091/websocket --subprotocol "synapse(contentType='text/plain')"`,
  commands: inner,
  run: async ([url], options, program) => {
    if (url === undefined && options.collection === undefined)
      program.error('error: missing an address: give a ws:// or wss:// URL, or --collection FILE', {
        exitCode: 2,
      })
    return await (await import('./ws.ts')).ws(url, options as WsOptions)
  },
}

const secrets: CommandOption = {
  flags: '--with-secrets',
  meaning: 'keep the values of secret variables, passwords and tokens; without it they are left out',
}

/** The commands for files of connections. */
export const collectionCommands: readonly Command[] = [
  {
    name: 'run-collection',
    summary:
      'send the messages of a collection and look at the answers; exit code 1 when one is not as expected, 2 when the file cannot be used',
    operands: [['<file>', 'a collection']],
    options: [
      environment,
      variable,
      { flags: '--connection <name>', meaning: 'run this connection alone; repeatable', parse: repeated },
      {
        flags: '--report <kind>',
        meaning: 'plain text, json, or junit for build servers',
        default: 'plain',
        parse: oneOf('report', ['plain', 'json', 'junit']),
      },
      output('write the report to a file; standard output gets plain text'),
      insecure,
    ],
    example: 'myelin run-collection orders.yaml --environment Local --report junit --output report.xml',
    run: async ([file], options) =>
      (await import('./run-collection.ts')).runCollection(file!, options as RunCollectionOptions),
  },
  {
    name: 'collection',
    summary: 'read collections of other clients, and write them',
    commands: [
      {
        name: 'import',
        summary: 'turn a file of Pororoca, an HTTP archive (HAR) or an AsyncAPI document into a collection',
        operands: [['<file>', 'a Pororoca collection, a HAR with WebSocket messages, or AsyncAPI 2 or 3']],
        options: [
          output('write it to a file; default standard output'),
          secrets,
          { flags: '--with-answers', meaning: 'messages of an archive expect the answers they had' },
        ],
        example: 'myelin collection import orders.pororoca_collection.json --output orders.yaml',
        run: async ([file], options) =>
          (await import('./collection-file.ts')).importCollection(file!, options as CollectionFileOptions),
      },
      {
        name: 'export',
        summary: 'turn a collection into one of Pororoca, an HTTP archive or an AsyncAPI document',
        operands: [['<file>', 'a collection']],
        options: [
          output('write it to a file; default standard output'),
          {
            flags: '--environment <name>',
            meaning: 'export this environment alone; repeatable',
            parse: repeated,
          },
          {
            flags: '--format <format>',
            meaning: 'pororoca, har or asyncapi; the latter two with the values of one environment',
            default: 'pororoca',
            parse: oneOf('format', ['pororoca', 'har', 'asyncapi']),
          },
          secrets,
        ],
        example: 'myelin collection export orders.yaml --output orders.pororoca_collection.json',
        run: async ([file], options) =>
          (await import('./collection-file.ts')).exportCollection(file!, options as CollectionFileOptions),
      },
    ],
    run: async (_operands, _options, program) => {
      await program.parseAsync(['help', 'collection'], { from: 'user' })
      return 2
    },
  },
]
