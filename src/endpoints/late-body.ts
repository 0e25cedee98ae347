import type { Readable } from 'node:stream'
import type { Content } from '../message/content.ts'
import { countPassing } from '../message/passing-bytes.ts'

/**
 * A payload that is passed on as it comes. It is taken from the message when the backend takes the first of it: a
 * message whose backend could not be reached still has it, for another one.
 */
export class LateBody implements AsyncIterable<Buffer> {
  readonly #content: Content
  #stream: Readable | undefined

  constructor(content: Content) {
    this.#content = content
  }

  /** Whether whoever sends it broke off. */
  get isBrokenOff(): boolean {
    return this.#stream?.errored != null
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Buffer> {
    this.#stream = this.#content.takeBody().stream()
    // Whoever is still to be answered must not lose its connection with its payload.
    for await (const chunk of this.#stream.iterator({ destroyOnReturn: false })) {
      countPassing((chunk as Buffer).length)
      yield chunk as Buffer
    }
  }
}
