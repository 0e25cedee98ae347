import type { MessageContext } from '../core/context.ts'
import type { CertificateFacts } from '../core/ports.ts'
import type { Headers } from '../message/headers.ts'
import { type CallerContext, callerOf } from './caller.ts'

/** The request of a client that asks for an upgrade, as its hook sees it. */
export class UpgradeRequest {
  readonly #ctx: MessageContext
  readonly params: Readonly<Record<string, string | number | boolean>>
  /** What hooks keep with the session, should it begin. */
  readonly attributes: Map<string, unknown>

  constructor(ctx: MessageContext, context: CallerContext) {
    this.#ctx = ctx
    const caller = callerOf(ctx, context)
    this.params = caller.params
    this.attributes = caller.attributes
  }

  get method(): string {
    return 'GET'
  }

  get path(): string {
    return this.#ctx.session!.handshake.path
  }

  /** Path and query as received. */
  get target(): string {
    return this.#ctx.session!.handshake.target
  }

  get url(): string {
    return this.#ctx.session!.handshake.url
  }

  get query(): URLSearchParams {
    return new URLSearchParams(this.target.slice(this.path.length + 1))
  }

  /** Who asks, where the service has `auth`. */
  get user(): string | undefined {
    return this.#ctx.session!.handshake.identity?.user
  }

  get scopes(): readonly string[] {
    return this.#ctx.session!.handshake.identity?.scopes ?? []
  }

  /** What the credentials say. */
  get claims(): Readonly<Record<string, unknown>> {
    return this.#ctx.session!.handshake.identity?.claims ?? {}
  }

  get headers(): Headers {
    return this.#ctx.message.headers
  }

  /** Gives a header, or undefined. */
  header(name: string): string | undefined {
    return this.headers.get(name)
  }

  /** The origin of the page that connects; undefined for what is no page. */
  get origin(): string | undefined {
    return this.header('Origin')
  }

  get remoteAddress(): string {
    return this.#ctx.session!.handshake.remoteAddress
  }

  get certificate(): CertificateFacts | undefined {
    return this.#ctx.session!.handshake.certificate
  }
}
