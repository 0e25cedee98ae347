import fs from 'node:fs'
import { parentPort } from 'node:worker_threads'
import type { XsltStylesheet } from 'libxslt-wasm'

/* Runs in a thread of its own: the engine may not be stopped otherwise, and one transformation at a time is all it can. */

/** One transformation to do. */
export interface Transformation {
  readonly id: number
  /** Identifies the stylesheet; its text is sent with the first one alone. */
  readonly sheet: number
  readonly text?: string
  /** What it may include or import, by location. */
  readonly resources?: Readonly<Record<string, string>>
  readonly xml: string
  readonly parameters: Readonly<Record<string, string>>
}

/** What became of it. */
export interface Transformed {
  readonly id: number
  readonly output?: string
  readonly error?: string
}

const BASE = 'http://localhost/stylesheet/'

interface Sheet {
  readonly compiled: XsltStylesheet
  readonly resources: Readonly<Record<string, string>>
}

const sheets = new Map<number, Sheet>()
let resources: Readonly<Record<string, string>> = {}
let complaints: string[] = []

// The engine writes what is wrong to standard error; it becomes part of the fault instead.
fs.writeSync = ((_file: number, text: string | Uint8Array) => {
  complaints.push(String(text))
  return text.length
}) as typeof fs.writeSync

// Loaded only now, so that it finds these in place.
const { XmlDocument, XsltStylesheet: Stylesheet } = await import('libxslt-wasm')
const { registerAll } = await import('libxslt-wasm/exslt')

registerAll()
// Stylesheets get what the configuration gives them, and nothing from the network or the disk.
globalThis.fetch = async target => {
  const url = String(target)
  const name = decodeURIComponent(url.startsWith(BASE) ? url.slice(BASE.length) : url)
  const found = resources[name] ?? resources[url]
  if (found === undefined) throw new Error(`${name} is not among the resources of the stylesheet`)
  return new Response(found)
}
async function transform({
  sheet,
  text,
  resources: own = {},
  xml,
  parameters,
}: Transformation): Promise<string> {
  let known = sheets.get(sheet)
  resources = known?.resources ?? own
  if (!known) {
    const bytes = new TextEncoder().encode(text ?? '')
    known = { compiled: await Stylesheet.from(bytes, { url: `${BASE}sheet` }), resources: own }
    sheets.set(sheet, known)
  }
  const input = await XmlDocument.fromString(xml)
  try {
    const result = await known.compiled.apply(input, parameters)
    try {
      return known.compiled.applyToString(result)
    } finally {
      result.delete()
    }
  } finally {
    input.delete()
  }
}

parentPort!.on('message', async (wanted: Transformation) => {
  complaints = []
  let answer: Transformed
  try {
    answer = { id: wanted.id, output: await transform(wanted) }
  } catch (error) {
    const reasons = [...complaints, (error as Error).message]
      .map(line => line.trim())
      .filter(line => line !== '')
    answer = { id: wanted.id, error: reasons.join('; ') }
  }
  parentPort!.postMessage(answer)
})
