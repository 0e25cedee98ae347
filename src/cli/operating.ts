import type { Command, CommandOption } from './command.ts'
import type { DeadLetterOptions } from './dead-letters.ts'
import type { LedgerOptions } from './ledger.ts'
import type { TargetOptions } from './management-client.ts'

const target: readonly CommandOption[] = [
  {
    flags: '--url <url>',
    meaning: 'where its management API is; default the only gateway of this user on this machine',
  },
  {
    flags: '--token <token>',
    meaning:
      'token for it; default that of MYELIN_MANAGEMENT_TOKEN, or the one it has left for its user on this machine',
  },
  {
    flags: '--ca <file>',
    meaning: 'certificates in PEM that its own must be signed by; default those that Node.js knows',
  },
  { flags: '--insecure', meaning: 'accept any certificate' },
  { flags: '--json', meaning: 'print JSON' },
]

/** The commands that talk to a gateway that runs. */
export const operatingCommands: readonly Command[] = [
  {
    name: 'drain',
    summary:
      'take a gateway out of service without losing a message, and wait until it has ended; exit code 1 when something was cut, 2 when there is none',
    options: target,
    example: 'myelin drain --url http://localhost:9164',
    run: async (_operands, options) => (await import('./drain.ts')).drain(options as TargetOptions),
  },
  {
    name: 'ledger',
    summary:
      'print what became of every message, in the gateway that runs or in the last run; with check exit code 1 when messages are missing, 2 when nobody can be asked',
    operands: [['[check]', 'only see whether all comes out even']],
    options: [
      ...target,
      { flags: '--file <file>', meaning: 'a ledger.jsonl of gateways that have stopped, in place of asking' },
    ],
    example: 'myelin ledger check',
    run: async ([what], options) => (await import('./ledger.ts')).ledger(what, options as LedgerOptions),
  },
  {
    name: 'dead-letters',
    summary: 'list the stored messages that were given up, send them again, or discard them',
    operands: [
      ['[action]', 'list, resend or discard; default list'],
      ['[ids...]', 'the messages to resend or discard'],
    ],
    options: [
      { flags: '--store <name>', meaning: 'only those of one message store' },
      { flags: '--all', meaning: 'resend or discard all' },
      ...target,
    ],
    example: 'myelin dead-letters resend --store Orders --all',
    run: async ([action, ...ids], options) =>
      (await import('./dead-letters.ts')).deadLetters(action, ids, options as DeadLetterOptions),
  },
  {
    name: 'stores',
    summary: 'list the message stores and what they hold',
    options: target,
    example: 'myelin stores',
    run: async (_operands, options) => (await import('./stores.ts')).stores(options as TargetOptions),
  },
  {
    name: 'processors',
    summary: 'list the message processors, or switch one on or off',
    operands: [
      ['[action]', 'list, activate or deactivate; default list'],
      ['[name]', 'the message processor'],
    ],
    options: target,
    example: 'myelin processors deactivate ForwardOrders',
    run: async ([action, name], options) =>
      (await import('./processors.ts')).processors(action, name, options as TargetOptions),
  },
]
