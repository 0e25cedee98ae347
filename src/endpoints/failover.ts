import type { MessageContext } from '../core/context.ts'
import type { Endpoint } from '../core/ports.ts'
import type { MaybePromise } from '../core/step.ts'
import { endpointKind } from '../language/declare.ts'
import { attribute } from '../language/field.ts'
import { boolean } from '../language/types.ts'
import type { Message } from '../message/message.ts'
import { buildMessage, endpoints } from './member-fields.ts'
import { Members } from './members.ts'

/** Gives each message to the first of several endpoints that is ready. */
class FailoverEndpoint implements Endpoint {
  readonly name: string
  readonly #members: Members
  readonly #staysWithLast: boolean
  #last: Endpoint | undefined

  constructor(name: string, members: Members, staysWithLast: boolean) {
    this.name = name
    this.#members = members
    this.#staysWithLast = staysWithLast
  }

  get isReady(): boolean {
    return this.#members.isReady
  }

  get keepsLinks(): boolean {
    return this.#members.keepsLinks
  }

  /** @throws Fault 303000 when no endpoint takes the message */
  deliver(ctx: MessageContext): MaybePromise<Message | undefined> {
    return this.#members.deliver(ctx, this.#next, this.#staysWithLast ? this.#taken : undefined)
  }

  attempt(ctx: MessageContext): MaybePromise<Message | undefined> {
    return this.#members.attempt(ctx, this.#next, this.#staysWithLast ? this.#taken : undefined)
  }

  readonly #next = (tried: readonly Endpoint[]): Endpoint | undefined => {
    const { all } = this.#members
    const start = this.#last ? all.indexOf(this.#last) : 0
    for (let i = 0; i < all.length; i++) {
      const member = all[(start + i) % all.length]!
      if (member.isReady !== false && !tried.includes(member)) return member
    }
    return undefined
  }

  readonly #taken = (member: Endpoint): void => {
    this.#last = member
  }
}

/** Endpoints of which the next one is used where one fails. */
export const failoverEndpoint = endpointKind({
  element: 'failover',
  summary:
    'Gives each message to the first of several endpoints that is ready, and to the next when that fails.',
  fields: {
    dynamic: attribute(boolean, {
      doc: 'Whether each message begins at the first that is ready; false stays with the one used last.',
      default: true,
    }),
    buildMessage,
    endpoint: endpoints,
  },
  notes:
    'What counts as a failure is that the message could not be handed over, or got no answer in time or a broken one; an answer with status 500 is an answer. A backend that failed in the midst may have done its work all the same: `retryConfig` of an endpoint says after which codes another is tried. A payload that was passed on as it came in, longer than 1 MiB, cannot be sent again; `buildMessage="true"` has it read in first.',
  example: `<endpoint>
    <failover>
        <endpoint><address uri="http://localhost:8081/orders"/></endpoint>
        <endpoint><address uri="http://localhost:8082/orders"/></endpoint>
    </failover>
</endpoint>`,
  check({ endpoint }, wrong) {
    if (endpoint.length === 0) wrong('<failover> needs at least one <endpoint>.', { code: 'missing' })
  },
  compile(config, build, name) {
    const all = config.endpoint.map(node => build.endpoint(node))
    const builds = config.buildMessage ?? build.settings.httpClient.buildsForFailover
    const members = new Members({ name: name || 'the fail-over group', all, failsOver: true, builds })
    return new FailoverEndpoint(name, members, !config.dynamic)
  },
})
