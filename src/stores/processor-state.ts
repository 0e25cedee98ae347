/** Whether a message processor is at work, as this process knows it. It outlives deployments. */
export class ProcessorState {
  readonly name: string
  #isActive: boolean
  #rest = new AbortController()

  constructor(name: string, isActive: boolean) {
    this.name = name
    this.#isActive = isActive
  }

  get isActive(): boolean {
    return this.#isActive
  }

  /** Ends what it waits for when it is switched off. */
  get rest(): AbortSignal {
    return this.#rest.signal
  }

  /** Takes note of a state, and keeps it nowhere; says whether it was another one. */
  become(isActive: boolean): boolean {
    if (this.#isActive === isActive) return false
    this.#isActive = isActive
    if (isActive) this.#rest = new AbortController()
    else this.#rest.abort()
    return true
  }
}
