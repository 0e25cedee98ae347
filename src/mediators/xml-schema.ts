import type { XmlDocument, XsdValidator } from 'libxml2-wasm'
import { Fault } from '../core/fault.ts'

/** Says what of an XML text does not fit; nothing when all does. */
export type XmlCheck = (xml: string) => readonly string[]

type Engine = typeof import('libxml2-wasm')

const PLACE = 'schema:'

let engine: Promise<Engine> | undefined
/** What the schema being compiled may include: the engine asks for it while it compiles, which does not wait. */
let available: ReadonlyMap<string, string> = new Map()

/**
 * Compiles XML Schemas into one check.
 * @throws Fault 0 when one of them cannot be used
 */
export async function xmlSchema(
  texts: readonly string[],
  resources: ReadonlyMap<string, string>,
): Promise<XmlCheck> {
  engine ??= load()
  const loaded = await engine
  const checks = texts.map(text => compiled(loaded, text, resources))
  // Several schemas are one grammar: an element has to fit the one that declares it.
  return xml => {
    const found = checks.map(check => check(xml))
    return found.find(problems => problems.length === 0) ?? found[0] ?? []
  }
}

/** The engine is loaded when there is a schema for it. */
async function load(): Promise<Engine> {
  const loaded = await import('libxml2-wasm')
  const open = new Map<number, { readonly bytes: Uint8Array; at: number }>()
  let last = 0
  loaded.xmlRegisterInputProvider({
    match: () => true,
    open(name: string) {
      const text = available.get(decodeURIComponent(name.replace(PLACE, ''))) ?? available.get(name)
      if (text === undefined) return undefined
      open.set(++last, { bytes: new TextEncoder().encode(text), at: 0 })
      return last
    },
    read(handle: number, buffer: Uint8Array) {
      const file = open.get(handle)
      if (!file) return -1
      const part = file.bytes.subarray(file.at, file.at + buffer.byteLength)
      buffer.set(part)
      file.at += part.byteLength
      return part.byteLength
    },
    close: (handle: number) => open.delete(handle),
  })
  return loaded
}

function compiled(loaded: Engine, text: string, resources: ReadonlyMap<string, string>): XmlCheck {
  const { XmlDocument: Document, XsdValidator: Validator } = loaded
  let validator: XsdValidator
  let schema: XmlDocument | undefined
  available = resources
  try {
    schema = Document.fromString(text, { url: PLACE })
    validator = Validator.fromDoc(schema)
  } catch (error) {
    throw new Fault(0, `the XML Schema cannot be used: ${(error as Error).message.trim()}`, { cause: error })
  } finally {
    schema?.dispose()
    available = new Map()
  }
  return xml => {
    const document = Document.fromString(xml)
    try {
      validator.validate(document)
      return []
    } catch (error) {
      const { details } = error as { details?: readonly { message: string }[] }
      return details ? details.map(({ message }) => message.trim()) : [(error as Error).message.trim()]
    } finally {
      document.dispose()
    }
  }
}
