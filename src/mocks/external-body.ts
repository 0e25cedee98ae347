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
const LONGEST_MS = 10_000

/** A body that is kept elsewhere: in a file beside the mocks, or at an address. */
export class ExternalBody {
  readonly #path: Template
  readonly #folder: string
  readonly #isCsv: boolean

  constructor(path: Template, folder: string, isCsv: boolean) {
    this.#path = path
    this.#folder = folder
    this.#isCsv = isCsv
  }

  /**
   * Reads it, as JSON text.
   * @throws Fault where it cannot be read, or a value of the request leads out of its folder
   */
  async read(scope: MockScope): Promise<string> {
    const path = this.#path.text(scope)
    const text = isAddress(path) ? await fetched(path) : await this.#file(path)
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
      if (size > MOST_BYTES) throw new Error('it is larger than 16 MiB')
      return await readFile(file, 'utf8')
    } catch (error) {
      throw new Fault(0, `The body ${path} cannot be read: ${(error as Error).message}.`)
    }
  }
}

async function fetched(address: string): Promise<string> {
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(LONGEST_MS) })
    if (!response.ok) throw new Error(`the status is ${response.status}`)
    return await response.text()
  } catch (error) {
    throw new Fault(0, `The body ${address} cannot be read: ${(error as Error).message}.`)
  }
}

function isAddress(path: string): boolean {
  return /^https?:\/\//.test(path)
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
  if (node && /^(?:https?:\/\/)?[^/{]*\{\{/.test(path) && path.includes('://'))
    fields.error(node.span, 'bad-value', 'The host of an address has no holes.')
  if (!node) return undefined
  return new ExternalBody(readTemplate(node, path, fields.reading), fields.reading.folder, provider === 'csv')
}
