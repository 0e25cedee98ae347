import { Argument, InvalidArgumentError, Option, type OptionValues, type Command as Program } from 'commander'

/** One command of the program. What it does is loaded when it is called, never to print help. */
export interface Command {
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  /** What follows the name, such as `<url>` or `[paths...]`, each with its meaning. */
  readonly operands?: readonly (readonly [usage: string, meaning: string])[]
  readonly options?: readonly CommandOption[]
  /** A call a reader can copy. */
  readonly example?: string
  /** Commands whose names stand behind its own: `ws list`. */
  readonly commands?: readonly Command[]
  /** Does it and gives the exit code: 0 for success, 1 for failure. What it throws is printed, exit code 1. */
  run(operands: readonly string[], options: OptionValues, program: Program): Promise<number>
}

/** An option of a command. */
export interface CommandOption {
  /** As commander spells it: `--port <port>`. */
  readonly flags: string
  readonly meaning: string
  readonly default?: unknown
  /** Turns the text into a value, given the value so far for options that repeat. */
  readonly parse?: (text: string, previous: unknown) => unknown
}

/** Adds a command to the program; `done` gets its exit code. */
export function register(program: Program, command: Command, done: (exitCode: number) => void): void {
  const target = program.command(command.name).summary(command.summary).description(`${command.summary}.`)
  for (const [usage, meaning] of command.operands ?? []) target.addArgument(new Argument(usage, meaning))
  for (const option of command.options ?? []) target.addOption(toOption(option))
  if (command.example) target.addHelpText('after', `\nExample:\n  ${command.example}`)
  // What stands behind the name of another command is an option of that one.
  if (command.commands) {
    program.enablePositionalOptions()
    target.enablePositionalOptions().helpCommand(false)
  }
  for (const inner of command.commands ?? []) register(target, inner, done)
  target.action(async () => done(await command.run(target.args, target.opts(), program)))
}

function toOption({ flags, meaning, default: fallback, parse }: CommandOption): Option {
  const option = new Option(flags, meaning)
  if (fallback !== undefined) option.default(fallback)
  if (parse) option.argParser(parse)
  return option
}

/** Collects the values of an option that may be given several times. */
export function repeated(text: string, previous: unknown): string[] {
  return [...((previous as readonly string[] | undefined) ?? []), text]
}

/** Makes a parser for whole numbers from `min` to `max`. */
export function wholeNumber(what: string, min: number, max: number): (text: string) => number {
  return text => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`A ${what} is a whole number from ${min} to ${max}.`)
  }
}

/** Reads a number of workers, or `auto`. */
export function workerCount(text: string): number | 'auto' {
  return text === 'auto' ? text : wholeNumber('number of workers', 1, 256)(text)
}

/** Makes a parser for one of a few words. */
export function oneOf(what: string, words: readonly string[]): (text: string) => string {
  return text => {
    if (words.includes(text)) return text
    throw new InvalidArgumentError(`A ${what} is ${words.slice(0, -1).join(', ')} or ${words.at(-1)}.`)
  }
}

/** Reads `Name: value`, as in a request. */
export function header(text: string, previous: unknown): string[] {
  if (!/^[!#$%&'*+.^_`|~\w-]+:/.test(text)) throw new InvalidArgumentError("A header is 'Name: value'.")
  return repeated(text, previous)
}
