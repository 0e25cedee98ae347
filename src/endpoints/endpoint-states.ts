import type { Resource } from '../language/declare.ts'
import type { EndpointState, Suspension } from './policy.ts'

/** The key of the one resource that knows the endpoints by name. */
export const ENDPOINT_STATES = 'states of endpoints'

/** What is known of an endpoint, to people. */
export interface KnownEndpoint {
  readonly name: string
  readonly state: EndpointState
  /** Milliseconds until it is tried again; 0 where it may be now, or only once it is switched on. */
  readonly readyInMs: number
}

/**
 * The endpoints that have a name and a state: what switches them off and on. A name that several artifacts use
 * inline stands for all of them. Groups have no state of their own; they follow their members.
 */
export class EndpointStates implements Resource {
  /** By name, then by where the endpoint is defined: one that is defined anew takes the place of the old one. */
  readonly #known = new Map<string, Map<string, Suspension>>()

  /** Makes an endpoint known; one that was switched off stays so when other durations are deployed. */
  add(name: string, place: string, suspension: Suspension): void {
    const ofName = this.#known.get(name) ?? new Map<string, Suspension>()
    if (ofName.get(place)?.state === 'off') suspension.switchOff()
    this.#known.set(name, ofName.set(place, suspension))
  }

  /** Lists all endpoints that have a name. */
  all(): KnownEndpoint[] {
    return [...this.#known.keys()].map(name => this.find(name)!)
  }

  /** Finds an endpoint; where several have the name, the one that is ready last speaks for them. */
  find(name: string): KnownEndpoint | undefined {
    const now = performance.now()
    const states = [...(this.#known.get(name)?.values() ?? [])].map(({ state, readyAt }) => ({
      name,
      state,
      readyInMs: Math.max(0, readyAt - now),
    }))
    return (
      states.find(({ state }) => state === 'off') ?? states.toSorted((a, b) => b.readyInMs - a.readyInMs)[0]
    )
  }

  /** Takes an endpoint out of service; false where there is none of that name. */
  switchOff(name: string): boolean {
    return this.#each(name, suspension => suspension.switchOff())
  }

  /** Puts it back into service, whatever is known of its failures; false where there is none of that name. */
  switchOn(name: string): boolean {
    return this.#each(name, suspension => suspension.switchOn())
  }

  async stop(): Promise<void> {}

  #each(name: string, act: (suspension: Suspension) => void): boolean {
    const ofName = this.#known.get(name)
    ofName?.forEach(act)
    return ofName !== undefined
  }
}
