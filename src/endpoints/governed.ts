import type { MessageContext } from '../core/context.ts'
import { Fault, type FaultCode } from '../core/fault.ts'
import type { Endpoint } from '../core/ports.ts'
import type { MaybePromise } from '../core/step.ts'
import type { Build } from '../language/declare.ts'
import type { Span } from '../language/source.ts'
import type { Message } from '../message/message.ts'
import { ENDPOINT_STATES, EndpointStates } from './endpoint-states.ts'
import { ExchangeFault } from './exchange-fault.ts'
import { NEVER, type Policy, Suspension } from './policy.ts'
import { mayRetry, type PolicyConfig, policyOf } from './policy-fields.ts'

/** The close code for clients of an endpoint that is not ready (RFC 6455 registry). */
export const TRY_AGAIN_LATER = 1013

/** What an endpoint sends with, once it is decided that it may. */
export interface Sender {
  readonly keepsLinks?: boolean
  /** Sends a message and waits for the answer, at most the milliseconds given. */
  deliver(ctx: MessageContext, timeoutMs: number): MaybePromise<Message | undefined>
}

/** Where an endpoint is defined, and how. */
export interface Definition {
  readonly name: string
  /** What else tells it from others of the same name: its address. */
  readonly address: string
  readonly config: PolicyConfig
  /** The fault of an endpoint that is suspended. */
  readonly notReady: FaultCode
  /** Whether what is known of its failures is forgotten with it. */
  readonly isTransient?: boolean
  /** Whether failures leave it in use, whatever the configuration says. */
  readonly isNeverSuspended?: boolean
  /** Where a WSDL of what it sends to is. */
  readonly describedAt?: string
}

/** Faults after which a group tries no other endpoint. */
const final = new WeakSet<Fault>()

/** Whether an endpoint forbids to try another one after this fault of its. */
export function isFinal(fault: Fault): boolean {
  return final.has(fault)
}

/** Makes an endpoint that obeys its policies: it waits no longer than it should and is left alone after failures. */
export function governed(sender: Sender, definition: Definition, build: Build, span: Span): Endpoint {
  const { config, isNeverSuspended } = definition
  const policy = isNeverSuspended ? NEVER : policyOf(config, build.settings.httpClient)
  const suspension = suspensionOf(definition, policy, build, span)
  return new GovernedEndpoint(sender, definition, suspension, build.settings.httpClient.timeoutMs)
}

/** What is known of an endpoint's failures stays across deployments that define it the same way. */
function suspensionOf(
  { name, address, isTransient }: Definition,
  policy: Policy,
  build: Build,
  span: Span,
): Suspension {
  if (isTransient) return new Suspension(policy)
  const { kind, name: artifact } = build.artifact
  const place = name === '' ? ` ${span.source.path}:${span.start}` : ''
  const where = `${kind} ${artifact} ${name} ${address}${place}`
  const key = `suspension ${where} ${JSON.stringify(policy)}`
  const suspension = build.resource(key, () => new Suspension(policy))
  if (name !== '') build.resource(ENDPOINT_STATES, () => new EndpointStates()).add(name, where, suspension)
  return suspension
}

/** An endpoint with policies. */
export class GovernedEndpoint implements Endpoint {
  readonly name: string
  readonly #sender: Sender
  readonly #definition: Definition
  readonly #suspension: Suspension
  readonly #timeoutMs: number
  readonly #discards: boolean

  constructor(sender: Sender, definition: Definition, suspension: Suspension, timeoutMs: number) {
    this.name = definition.name
    this.#sender = sender
    this.#definition = definition
    this.#suspension = suspension
    this.#timeoutMs = timeoutMs
    this.#discards = definition.config.timeout?.responseAction?.text === 'discard'
  }

  get isReady(): boolean {
    return this.#suspension.state === 'active' || this.#suspension.isReady(performance.now())
  }

  get keepsLinks(): boolean {
    return this.#sender.keepsLinks === true
  }

  get describedAt(): string | undefined {
    return this.#definition.describedAt
  }

  /**
   * Sends a message if the endpoint is not suspended, and keeps account of how that went.
   * @throws Fault 303001 or 303002 when it is suspended or switched off, or what the sender throws
   */
  deliver(ctx: MessageContext): MaybePromise<Message | undefined> {
    // What ends a connection gets through: nothing is tried by it, and nothing learned.
    if (ctx.event !== 'message' && ctx.event !== 'open') return this.#sender.deliver(ctx, this.#timeoutMs)
    if (!this.isReady) throw this.#notReady()
    const timeoutMs = this.#timeout(ctx)
    let answer: MaybePromise<Message | undefined>
    try {
      answer = this.#sender.deliver(ctx, timeoutMs)
    } catch (thrown) {
      throw this.#failed(ctx, thrown)
    }
    if (!(answer instanceof Promise)) return this.#succeeded(answer)
    return answer.then(
      message => this.#succeeded(message),
      thrown => {
        throw this.#failed(ctx, thrown)
      },
    )
  }

  #notReady(): Fault {
    const { notReady, address } = this.#definition
    const why = this.#suspension.state === 'off' ? 'switched off' : 'suspended after failures'
    const { readyAt } = this.#suspension
    return new Fault(notReady, `endpoint ${this.name || address} is ${why}`, {
      ...(this.keepsLinks && { closeCode: TRY_AGAIN_LATER }),
      ...(readyAt > 0 && { retryAfterMs: Math.max(0, readyAt - performance.now()) }),
    })
  }

  /** Compatibility: 0, and what is no number, waits as long as the process allows. */
  #timeout(ctx: MessageContext): number {
    const duration = this.#definition.config.timeout?.duration?.text
    if (!duration) return this.#timeoutMs
    const wanted = Number(duration.text(ctx))
    return wanted > 0 ? Math.min(wanted, this.#timeoutMs) : this.#timeoutMs
  }

  #succeeded(answer: Message | undefined): Message | undefined {
    this.#suspension.succeeded()
    return answer
  }

  #failed(ctx: MessageContext, thrown: unknown): Fault {
    const fault = Fault.from(thrown)
    // A message that cannot be written says nothing about where it was to go.
    if (!fault.isDelivery && (fault.isSettled || fault.code !== 500000)) return fault
    const code = fault.code as FaultCode
    const phase = fault instanceof ExchangeFault ? fault.phase : 0
    const codes = phase === 0 ? [code] : [code, code + phase]
    if (!isOfClient(ctx, code)) this.#suspension.failed(codes, performance.now(), isOfBackend(code, phase))
    ctx.properties.set('SENDING_FAULT', true)
    ctx.properties.set('BASE_ERROR_CODE', code)
    ctx.properties.set('PROTOCOL_STATE_ON_FAILURE', phase)
    ctx.properties.set('last_endpoint', this.name || this.#definition.address)
    if (code === 101504 && this.#discards) {
      ctx.ending = 'discarded'
      ctx.log.warn({ message: ctx.id }, `${ctx.service.label}${fault.message}: the message is discarded`)
      return new Fault(code, fault.message, { cause: fault, isSettled: true })
    }
    if (!mayRetry(this.#definition.config, codes)) final.add(fault)
    return fault
  }
}

/** A client that leaves takes the connection to its backend along, under the messages that are still on their way. */
function isOfClient({ session }: MessageContext, code: FaultCode): boolean {
  return code === 101505 && session !== undefined && !session.isOpen
}

/** Faults of ours, or of the caller: connecting was given up, too much waits here, no address, no token. */
const NOT_OF_BACKEND: readonly FaultCode[] = [101507, 101509, 303001, 303003]

function isOfBackend(code: FaultCode, phase: number): boolean {
  // 101500 in the first phase: the request could not even be written.
  return !NOT_OF_BACKEND.includes(code) && (code !== 101500 || phase !== 0)
}
