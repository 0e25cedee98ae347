import { Content } from './content.ts'
import { Headers } from './headers.ts'

/** What travels: a payload and its header fields. */
export class Message {
  content: Content
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

  /** A message without payload and headers. */
  static empty(): Message {
    return new Message(Content.empty())
  }
}
