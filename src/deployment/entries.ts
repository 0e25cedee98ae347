import type { Entry } from '../core/entry.ts'
import { Fault } from '../core/fault.ts'
import { Diagnostics } from '../language/diagnostic.ts'
import { Source } from '../language/source.ts'
import { type Element, readXml } from '../language/xml.ts'
import { parseXml, XmlError } from '../message/xml/parse.ts'
import type { XmlElement } from '../message/xml/tree.ts'

/** What an entry is made of. */
export interface EntrySource {
  readonly key: string
  readonly location: string
  readonly mediaType?: string
  readonly properties?: ReadonlyMap<string, string>
  /** Reads the content; asked once, when somebody needs it. @throws Fault when it cannot be read */
  read(): Buffer
  /** Where the content stands in a configuration, if it does. */
  readonly element?: Element
}

/** An entry whose content is read when it is first needed. */
export class LazyEntry implements Entry {
  readonly key: string
  readonly location: string
  readonly mediaType: string
  /** Where the content stands in a configuration, if it does. */
  readonly element: Element | undefined
  readonly #source: EntrySource
  #bytes: Buffer | undefined
  #text: string | undefined
  #xml: { readonly root: XmlElement | undefined } | undefined

  constructor(source: EntrySource) {
    this.#source = source
    this.key = source.key
    this.location = source.location
    this.mediaType = source.mediaType ?? ''
    this.element = source.element
  }

  get bytes(): Buffer {
    this.#bytes ??= this.#source.read()
    return this.#bytes
  }

  get text(): string {
    this.#text ??= this.bytes.toString('utf8').replace(/^\ufeff/, '')
    return this.#text
  }

  xml(): XmlElement | undefined {
    this.#xml ??= { root: parsed(this.text) }
    return this.#xml.root
  }

  property(name: string): string | undefined {
    return this.#source.properties?.get(name)
  }
}

function parsed(text: string): XmlElement | undefined {
  if (!/^\s*</.test(text)) return undefined
  try {
    return parseXml(text).documentElement ?? undefined
  } catch (error) {
    if (error instanceof XmlError) return undefined
    throw error
  }
}

/** The root element of an entry, with places; undefined where it is no XML or cannot be read. */
export function elementOf(entry: Entry): Element | undefined {
  if (entry instanceof LazyEntry && entry.element) return entry.element
  try {
    if (!/^\s*</.test(entry.text)) return undefined
    return readXml(new Source(entry.location, entry.text), new Diagnostics())
  } catch (error) {
    if (error instanceof Fault) return undefined
    throw error
  }
}
