import { readFile, stat } from 'node:fs/promises'
import { extname, resolve, sep } from 'node:path'
import { Fault } from '../core/fault.ts'
import { csvOf } from './csv.ts'
import type { MockFields } from './mock-reading.ts'
import { readTemplate } from './mock-reply.ts'
import type { MockScope } from './mock-scope.ts'
import type { Template } from './template.ts'

/** Bytes that a body from elsewhere may have. */
const MOST_BYTES = 16 * 1024 * 1024
const TOO_LARGE = 'it is larger than 16 MiB'
const LONGEST_MS = 10_000

/** An address whose host is written out; everything else is a file. */
const ADDRESS = /^https?:\/\/[^/{?#]+(?:[/?#]|$)/

/** A body that is kept elsewhere: in a file beside the mocks, or at an address. */
export class ExternalBody {
  readonly #path: Template
  readonly #folder: string
  readonly #isCsv: boolean
  readonly #isAddress: boolean

  constructor(path: Template, folder: string, isCsv: boolean) {
    this.#path = path
    this.#folder = folder
    this.#isCsv = isCsv
    // As it is written, and never as it is filled in: a caller does not make an address of a file.
    this.#isAddress = ADDRESS.test(path.source)
  }

  /**
   * Reads it, as JSON text.
   * @throws Fault where it cannot be read, or a value of the request leads out of its folder
   */
  async read(scope: MockScope): Promise<string> {
    const path = this.#path.text(scope)
    const text = this.#isAddress ? await fetched(path) : await this.#file(path)
    return this.#isCsv ? JSON.stringify(csvOf(text)) : text
  }

  async #file(path: string): Promise<string> {
    const file = resolve(this.#folder, path)
    // What a caller sends must not name any file of the machine.
    const isFilledIn = this.#path.constant === undefined
    if (isFilledIn && !file.startsWith(this.#folder + sep))
      throw new Fault(0, `The body ${path} is not in the folder of the mocks.`)
    try {
      const { size } = await stat(file)
      if (size > MOST_BYTES) throw new Error(TOO_LARGE)
      return await readFile(file, 'utf8')
    } catch (error) {
      throw new Fault(0, `The body ${path} cannot be read: ${(error as Error).message}.`)
    }
  }
}

async function fetched(address: string): Promise<string> {
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(LONGEST_MS) })
    if (response.ok) return await textOf(response)
    response.body?.cancel().catch(() => {})
    throw new Error(`the status is ${response.status}`)
  } catch (error) {
    throw new Fault(0, `The body ${address} cannot be read: ${(error as Error).message}.`)
  }
}

async function textOf({ body }: Response): Promise<string> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of body ?? []) {
    size += piece.length
    // To leave the loop ends the connection.
    if (size > MOST_BYTES) throw new Error(TOO_LARGE)
    pieces.push(piece)
  }
  return new TextDecoder().decode(Buffer.concat(pieces))
}

/** Reads `external-body:`; undefined where there is none. */
export function readExternalBody(owner: MockFields): ExternalBody | undefined {
  const fields = owner.fields('external-body')
  if (!fields) return undefined
  const node = fields.required('path')
  const path = fields.text('path') ?? ''
  const provider = fields.text('provider') ?? extname(path).slice(1)
  if (provider === 'xlsx' || provider === 'xls') {
    const span = (fields.get('provider') ?? node)?.span ?? fields.span
    const hint = 'Save the sheet as CSV and use provider: csv.'
    fields.error(span, 'refused-option', 'provider xlsx is refused: spreadsheets are not read.', hint)
  } else if (provider !== 'json' && provider !== 'csv') {
    const span = fields.get('provider')?.span ?? fields.span
    fields.error(span, 'bad-value', 'provider is json or csv.')
  }
  // The host that is asked is never up to the caller.
  if (node && !ADDRESS.test(path) && /^(?:https?:\/\/)?[^/{]*\{\{/.test(path) && path.includes('://'))
    fields.error(node.span, 'bad-value', 'The host of an address has no holes.')
  if (!node) return undefined
  return new ExternalBody(readTemplate(node, path, fields.reading), fields.reading.folder, provider === 'csv')
}
