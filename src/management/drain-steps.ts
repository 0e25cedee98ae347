import type { DrainStep } from '../drain.ts'

/** The steps of a drain as they are told, for those who want to know how far it is. */
export class DrainSteps {
  readonly #steps: DrainStep[] = []
  #changed = Promise.withResolvers<void>()

  /** The steps so far. */
  get all(): readonly DrainStep[] {
    return this.#steps
  }

  add(step: DrainStep): void {
    this.#steps.push(step)
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  /** Gives the steps so far, and then each as it is added; ends with the last. */
  async *follow(): AsyncGenerator<DrainStep, void, void> {
    for (let next = 0; ; ) {
      const step = this.#steps[next]
      if (!step) {
        await this.#changed.promise
        continue
      }
      yield step
      if (step.stage === 'stopped') return
      next++
    }
  }
}
