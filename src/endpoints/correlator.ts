import type { Service } from '../core/ports.ts'
import type { Content } from '../message/content.ts'
import type { CorrelatedCall } from './correlated-call.ts'
import type { CorrelationIds } from './correlation-ids.ts'

/** A reply that says which request it is for. */
export interface IdentifiedReply {
  /** The id in it, in the form that requests are known by. */
  readonly id: string
  /** The reply with the id the caller had, as `CorrelatedCall.original` has it; without any where that is undefined. */
  withId(original: string | undefined): Content
  /** The reply as it came. */
  asReceived(): Content
}

/** Puts ids into requests, and finds them in replies. */
export interface Correlator {
  /**
   * Writes a request as it leaves, and notes its id in the call.
   * @throws Fault 601000 when the payload is none that has an id
   */
  prepare(call: CorrelatedCall, ids: CorrelationIds): void
  /** Finds the id in a reply; undefined for a message that answers nothing. */
  read(data: Buffer, contentType: string, service: Service): IdentifiedReply | undefined
  /** An id that stood in a request, for people. */
  shown(original: string): string
}
