import type { MessageContext } from '../core/context.ts'
import type { Endpoint } from '../core/ports.ts'
import type { MaybePromise } from '../core/step.ts'
import { endpointKind } from '../language/declare.ts'
import { attribute } from '../language/field.ts'
import { boolean } from '../language/types.ts'
import type { Message } from '../message/message.ts'
import { endpoints } from './member-fields.ts'
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
    return this.#members.deliver(ctx, this.#order, this.#staysWithLast ? this.#taken : undefined)
  }

  readonly #order = (): readonly Endpoint[] => {
    const { all } = this.#members
    if (!this.#last) return all
    const start = all.indexOf(this.#last)
    return [...all.slice(start), ...all.slice(0, start)]
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
    buildMessage: attribute(boolean, { doc: 'Accepted; a message can always be sent again.' }),
    endpoint: endpoints,
  },
  notes:
    'What counts as a failure is that the message could not be handed over or got no answer in time; an answer with status 500 is an answer. `retryConfig` of an endpoint says after which codes another is tried.',
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
    const members = new Members(name || 'the fail-over group', all, true)
    return new FailoverEndpoint(name, members, !config.dynamic)
  },
})
