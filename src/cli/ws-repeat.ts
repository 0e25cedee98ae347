import { readFileSync, writeFileSync } from 'node:fs'
import { inputRows } from '../collections/input-rows.ts'
import { repeat } from '../collections/repeat.ts'
import { repetitionCsv, repetitionJson, repetitionText } from '../collections/repeat-report.ts'
import { type OpenForOptions, openFor } from './open-for.ts'

/** Options of `myelin ws repeat`. */
export interface WsRepeatOptions extends OpenForOptions {
  readonly collection?: string
  readonly connection?: string
  readonly send?: readonly string[]
  readonly connections: number
  readonly repetitions: number
  readonly parallel?: number
  readonly delay: number
  readonly rate?: number
  readonly rows?: string
  readonly mode: 'sequential' | 'random'
  readonly timeout: number
  readonly report: 'plain' | 'csv' | 'json'
  readonly output?: string
}

/** Repeats messages of a collection; gives 1 when an iteration failed. */
export async function wsRepeat(options: WsRepeatOptions): Promise<number> {
  const { collection: file, connection: name, report: kind, output } = options
  if (file === undefined || name === undefined)
    throw new Error('give --collection FILE and --connection NAME')
  const open = openFor(file, options)
  const connection = open.connection(name)
  const messages = options.send
    ? options.send.map(each => open.message(connection, each))
    : (connection.messages ?? []).filter(message => message.kind !== 'close')
  if (messages.length === 0) throw new Error(`connection ${name} has no messages to repeat`)
  // What is wrong with the connection is said once, not for each iteration.
  open.plan(connection)
  const repetition = await repeat(open, connection, messages, {
    connections: options.connections,
    repetitions: options.repetitions,
    parallel: options.parallel ?? options.connections,
    delayMs: options.delay,
    ratePerSecond: options.rate,
    rows: options.rows === undefined ? undefined : rowsIn(options.rows),
    mode: options.mode,
    timeoutMs: options.timeout,
  })
  const text = repetitionText(repetition)
  if (kind === 'plain' || output !== undefined) console.log(text)
  const report =
    kind === 'json' ? repetitionJson(repetition) : kind === 'csv' ? repetitionCsv(repetition) : text
  if (output !== undefined) writeFileSync(output, `${report}\n`)
  else if (kind !== 'plain') console.log(report)
  return repetition.iterations.every(({ failure }) => failure === undefined) ? 0 : 1
}

function rowsIn(file: string): ReturnType<typeof inputRows> {
  try {
    return inputRows(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`)
  }
}
