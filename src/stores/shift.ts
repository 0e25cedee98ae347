import { pause } from '../sequences/repeating.ts'
import type { ProcessorState } from './processor-state.ts'

/** Whether a process may run what one process runs at a time. */
export interface Place {
  readonly isHere: boolean
}

/** One run of a message processor: it goes on until the processor is stopped, switched off, or another process has its place. */
export class Shift {
  /** Ends it; another shift may follow. */
  readonly signal: AbortSignal
  readonly #life: AbortSignal
  readonly #state: ProcessorState
  readonly #place: Place | undefined

  /** `life` ends when there will be no other shift. */
  constructor(
    signal: AbortSignal,
    { life, state, place }: { life: AbortSignal; state: ProcessorState; place: Place | undefined },
  ) {
    this.signal = signal
    this.#life = life
    this.#state = state
    this.#place = place
  }

  /** Whether nothing new is to be begun. */
  get isOver(): boolean {
    return this.signal.aborted || !this.#state.isActive || this.#place?.isHere === false
  }

  /** Waits; says whether the time went by and it is not over. */
  async pause(ms: number): Promise<boolean> {
    return (await pause(ms, AbortSignal.any([this.signal, this.#state.rest]))) && !this.isOver
  }

  /** Waits, also when it is over; says whether the time went by and the processor may still have another. */
  pauseBeyond(ms: number): Promise<boolean> {
    return pause(ms, AbortSignal.any([this.#life, this.#state.rest]))
  }
}
