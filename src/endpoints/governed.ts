import type { MessageContext } from '../core/context.ts'
import { Fault, type FaultCode } from '../core/fault.ts'
import type { Endpoint } from '../core/ports.ts'
import type { MaybePromise } from '../core/step.ts'
import type { Build } from '../language/declare.ts'
import type { Span } from '../language/source.ts'
import type { Message } from '../message/message.ts'
import { ExchangeFault } from './exchange-fault.ts'
import { Suspension } from './policy.ts'
import { mayRetry, type PolicyConfig, policyOf } from './policy-fields.ts'

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
}

/** Faults after which a group tries no other endpoint. */
const final = new WeakSet<Fault>()

/** Whether an endpoint forbids to try another one after this fault of its. */
export function isFinal(fault: Fault): boolean {
  return final.has(fault)
}

/** Makes an endpoint that obeys its policies: it waits no longer than it should and is left alone after failures. */
export function governed(sender: Sender, definition: Definition, build: Build, span: Span): Endpoint {
  const { name, address, config } = definition
  const policy = policyOf(config, build.settings.httpClient)
  const { kind, name: artifact } = build.artifact
  const place = name === '' ? ` ${span.source.path}:${span.start}` : ''
  const key = `suspension ${kind} ${artifact} ${name} ${address} ${JSON.stringify(policy)}${place}`
  const suspension = definition.isTransient
    ? new Suspension(policy)
    : build.resource(key, () => new Suspension(policy))
  return new GovernedEndpoint(sender, definition, suspension, build.settings.httpClient.timeoutMs)
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
    return this.#suspension.isReady(performance.now())
  }

  get keepsLinks(): boolean {
    return this.#sender.keepsLinks === true
  }

  /**
   * Sends a message if the endpoint is not suspended, and keeps account of how that went.
   * @throws Fault 303001 or 303002 when it is suspended, or what the sender throws
   */
  deliver(ctx: MessageContext): MaybePromise<Message | undefined> {
    // What ends a connection gets through: nothing is tried by it.
    if (!this.isReady && (ctx.event === 'message' || ctx.event === 'open')) {
      const { notReady, address } = this.#definition
      throw new Fault(notReady, `endpoint ${this.name || address} is suspended after failures`)
    }
    let answer: MaybePromise<Message | undefined>
    try {
      answer = this.#sender.deliver(ctx, this.#timeout(ctx))
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
    if (fault.isSettled || typeof fault.code !== 'number') return fault
    const phase = fault instanceof ExchangeFault ? fault.phase : 0
    const codes = phase === 0 ? [fault.code] : [fault.code, fault.code + phase]
    this.#suspension.failed(codes, performance.now())
    ctx.properties.set('SENDING_FAULT', true)
    ctx.properties.set('BASE_ERROR_CODE', fault.code)
    ctx.properties.set('PROTOCOL_STATE_ON_FAILURE', phase)
    ctx.properties.set('last_endpoint', this.name || this.#definition.address)
    if (fault.code === 101504 && this.#discards) {
      ctx.ending = 'discarded'
      ctx.log.warn({ message: ctx.id }, `${ctx.service.label}${fault.message}: the message is discarded`)
      return new Fault(fault.code, fault.message, { cause: fault, isSettled: true })
    }
    if (!mayRetry(this.#definition.config, codes)) final.add(fault)
    return fault
  }
}
