import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Endpoint } from '../core/ports.ts'
import { type MaybePromise, STOP } from '../core/step.ts'
import { dynamic } from '../expressions/expression.ts'
import { type Build, endpointKind } from '../language/declare.ts'
import { attribute, child } from '../language/field.ts'
import type { Span } from '../language/source.ts'
import { integer } from '../language/types.ts'
import { runBranch } from '../sequences/branch.ts'
import { whenWhole } from '../sequences/whole.ts'
import { endpointAt } from './address.ts'
import { endpoints, member, memberEndpoint, NO_POLICY } from './member-fields.ts'

/** Gives a copy of each message to every endpoint of a list. */
class RecipientListEndpoint implements Endpoint {
  readonly name: string
  readonly #recipients: (ctx: MessageContext) => readonly Endpoint[]

  constructor(name: string, recipients: (ctx: MessageContext) => readonly Endpoint[]) {
    this.name = name
    this.#recipients = recipients
  }

  /**
   * Sends a copy to each endpoint that is ready; every answer goes its own way through the reply's sequence.
   * @throws Fault 303000 when none is ready
   */
  deliver(ctx: MessageContext): MaybePromise<undefined> {
    return whenWhole(ctx, () => this.#send(ctx))
  }

  #send(ctx: MessageContext): undefined {
    const ready = this.#recipients(ctx).filter(recipient => recipient.isReady !== false)
    if (ready.length === 0) throw new Fault(303000, `no recipient of ${this.name || 'the list'} is ready`)
    ready.forEach((recipient, i) => {
      const copy = ctx.fork()
      copy.properties.set('MESSAGE_SEQUENCE', `${i + 1}/${ready.length}`)
      ctx.spawn(runBranch(copy, () => send(copy, recipient, ctx)).then(nothing))
    })
    return undefined
  }
}

/** The sequence for the answer is that of the send which the message came from: it is known once that is through. */
async function send(copy: MessageContext, recipient: Endpoint, sent: MessageContext): Promise<typeof STOP> {
  const answer = await recipient.deliver(copy)
  copy.ending = 'delivered'
  copy.reply = copy.isOneWay ? undefined : answer
  copy.receiver = sent.receiver
  return STOP
}

function nothing(): void {}

/** Every endpoint of a list gets a copy. */
export const recipientListEndpoint = endpointKind({
  element: 'recipientlist',
  summary: 'Gives a copy of each message to every endpoint of a list.',
  fields: {
    endpoint: endpoints,
    member,
    endpoints: child(
      {
        value: attribute(dynamic, { doc: 'Addresses separated by commas, or {expression}.', required: true }),
        maxCache: attribute(integer({ min: 1 }), {
          name: 'max-cache',
          doc: 'How many addresses are remembered, with what is known of their failures.',
          default: 20,
        }),
      },
      { doc: 'Addresses computed for each message.' },
    ),
  },
  notes:
    'Each copy has `MESSAGE_SEQUENCE` as `2/3`, for aggregate. Every answer runs through the reply sequence by itself; a failure of one copy does not touch the others. Endpoints that are suspended get no copy.',
  example: `<endpoint>
    <recipientlist>
        <endpoint><address uri="http://localhost:8081/audit"/></endpoint>
        <endpoint><address uri="http://localhost:8082/billing"/></endpoint>
    </recipientlist>
</endpoint>`,
  check({ endpoint, member, endpoints }, wrong) {
    if (endpoint.length + member.length === 0 && !endpoints)
      wrong('<recipientlist> needs at least one <endpoint>, or <endpoints>.', { code: 'missing' })
  },
  compile(config, build, name, span) {
    const fixed = [
      ...config.endpoint.map(node => build.endpoint(node)),
      ...config.member.map(host => memberEndpoint(host, build, span)),
    ]
    const list = config.endpoints
    if (!list?.value) return new RecipientListEndpoint(name, () => fixed)
    const { value } = list
    const known = new RecentEndpoints(list.maxCache ?? 20, build, span)
    return new RecipientListEndpoint(name, ctx => [
      ...fixed,
      ...addresses(value.text(ctx)).map(address => known.get(address)),
    ])
  },
})

function addresses(text: string | null): string[] {
  return (text ?? '')
    .split(',')
    .map(address => address.trim())
    .filter(address => address !== '')
}

/** Endpoints by address, those used last. */
class RecentEndpoints {
  readonly #most: number
  readonly #build: Build
  readonly #span: Span
  readonly #endpoints = new Map<string, Endpoint>()

  constructor(most: number, build: Build, span: Span) {
    this.#most = most
    this.#build = build
    this.#span = span
  }

  get(address: string): Endpoint {
    const known = this.#endpoints.get(address)
    const endpoint = known ?? this.#make(address)
    this.#endpoints.delete(address)
    this.#endpoints.set(address, endpoint)
    if (this.#endpoints.size > this.#most) this.#endpoints.delete(this.#endpoints.keys().next().value!)
    return endpoint
  }

  #make(address: string): Endpoint {
    const options = { name: '', shape: {}, config: NO_POLICY, isTransient: true }
    return endpointAt(address, options, this.#build, this.#span)
  }
}
