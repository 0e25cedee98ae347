import type { XmlElement } from '../message/xml/tree.ts'

/** A local entry or a resource of the registry: text that configurations refer to by a key. */
export interface Entry {
  readonly key: string
  /** Empty where nobody said. */
  readonly mediaType: string
  /** The content as text, UTF-8. */
  readonly text: string
  readonly bytes: Buffer
  /** The content as XML, parsed once; undefined where it is none. Whoever gets it must not change it. */
  xml(): XmlElement | undefined
  /** A property of the resource. */
  property(name: string): string | undefined
  /** Where it came from, for resolving what it refers to in turn: a file or a key. */
  readonly location: string
}
