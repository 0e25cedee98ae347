import { randomBytes, randomUUID } from 'node:crypto'

/** Up to here numbers stay what they are, with room for all that one process may count to. */
const FIRST_NUMBERS = 2 ** 52

/** Makes ids that no two requests share, in this process or in one before it, and that nobody can guess. */
export class CorrelationIds {
  readonly #prefix = `m${randomBytes(10).toString('hex')}-`
  readonly #first = randomBytes(6).readUIntBE(0, 6) * 16
  #count = 0

  /** An id as a JSON string, quotes included. */
  text(): string {
    return `"${this.plain()}"`
  }

  /** An id as a whole number of up to 16 digits. */
  number(): string {
    return String((this.#first + ++this.#count) % FIRST_NUMBERS)
  }

  /** An id of letters, digits and a hyphen that begins with a letter: XML takes it anywhere. */
  plain(): string {
    return this.#prefix + (++this.#count).toString(36)
  }

  /** An id that is a URI. */
  uri(): string {
    return `urn:uuid:${randomUUID()}`
  }
}
