import { Content } from './content.ts'
import { Headers } from './headers.ts'

/** What travels: a payload and its header fields. */
export class Message {
  content: Content
  /** Status and reason of the HTTP response it came as; undefined for anything else. */
  status: number | undefined = undefined
  reason: string | undefined = undefined
  #headers: Headers | undefined

  constructor(content: Content, headers?: Headers) {
    this.content = content
    this.#headers = headers
  }

  /** Header fields of the transport; made when first asked for. */
  get headers(): Headers {
    this.#headers ??= new Headers()
    return this.#headers
  }

  /** The same message for somebody else: what either changes the other does not see. */
  share(): Message {
    const other = new Message(this.content.share(), this.#headers && new Headers(this.#headers))
    other.status = this.status
    other.reason = this.reason
    return other
  }

  /** A message without payload and headers. */
  static empty(): Message {
    return new Message(Content.empty())
  }
}
