import { MessageContext } from '../core/context.ts'
import type { Fault } from '../core/fault.ts'
import type { Pipeline, Service } from '../core/ports.ts'
import { Message } from '../message/message.ts'
import { NOBODY } from '../sequences/internal.ts'
import { enterFault } from '../sequences/pipeline.ts'
import { inject } from './inject.ts'
import type { ProcessorState } from './processor-state.ts'
import type { ProcessorStates } from './processor-states.ts'
import type { StoredMessage } from './stored-message.ts'

/** How a message processor stops by itself. */
export class Deactivation {
  readonly #service: Service
  readonly #state: ProcessorState
  readonly #states: ProcessorStates
  readonly #sequence: Pipeline | undefined

  constructor(
    service: Service,
    state: ProcessorState,
    states: ProcessorStates,
    sequence: Pipeline | undefined,
  ) {
    this.#service = service
    this.#state = state
    this.#states = states
    this.#sequence = sequence
  }

  /** Stops at a message: a copy goes through the sequence for that, and the message stays in the store. */
  async at(message: StoredMessage, reason: string, fault: Fault): Promise<void> {
    await this.#stop(restored(message, this.#service), reason, fault)
  }

  /** Stops for a fault that has to do with no message; the sequence gets an empty one. */
  async for(reason: string, fault: Fault): Promise<void> {
    await this.#stop(marked(new MessageContext(this.#service, NOBODY, Message.empty())), reason, fault)
  }

  async #stop(ctx: MessageContext, reason: string, fault: Fault): Promise<void> {
    if (!this.#state.isActive) return
    // That it is kept is not waited for: what it is kept in may be what is away.
    void this.#states.switchTo(this.#state, false)
    ctx.log.error({ message: ctx.id }, `${ctx.service.label}it is deactivated: ${reason}`)
    if (!this.#sequence) return
    enterFault(ctx, fault)
    await inject(ctx, this.#sequence)
  }
}

/** A fresh copy of a stored message that says who works on it. */
export function restored(message: StoredMessage, service: Service): MessageContext {
  return marked(message.restore(service))
}

function marked(ctx: MessageContext): MessageContext {
  const { name } = ctx.service
  ctx.properties.set('message.processor.name', name)
  ctx.properties.set('ARTIFACT_NAME', `messageprocessor${name}`)
  return ctx
}
