import type { Value } from './free-marker-values.ts'

/** The variable of a loop and where the loop is. */
export interface LoopVariable {
  readonly name: string
  readonly value: Value
  readonly index: number
  readonly hasNext: boolean
  readonly outer: LoopVariable | undefined
}

/** What names mean while a template runs. */
export class Scope {
  readonly #model: (name: string) => Value
  readonly #assigned: Map<string, Value>
  readonly loop: LoopVariable | undefined
  /** How numbers are written, by `<#setting>`. */
  readonly settings: { numberFormat: string }

  constructor(
    model: (name: string) => Value,
    assigned: Map<string, Value> = new Map(),
    loop?: LoopVariable,
    settings: { numberFormat: string } = { numberFormat: '' },
  ) {
    this.#model = model
    this.#assigned = assigned
    this.loop = loop
    this.settings = settings
  }

  /** Finds the loop a variable belongs to, innermost first. */
  loopOf(name: string): LoopVariable | undefined {
    let loop = this.loop
    while (loop && loop.name !== name) loop = loop.outer
    return loop
  }

  /** Finds a value: loop variables hide what was assigned, and that hides the data. */
  get(name: string): Value {
    const loop = this.loopOf(name)
    if (loop) return loop.value
    if (this.#assigned.has(name)) return this.#assigned.get(name)
    const found = this.#model(name)
    return found === undefined && this.loop ? this.#loopState(name) : found
  }

  set(name: string, value: Value): void {
    this.#assigned.set(name, value)
  }

  /** The same with a loop variable more. */
  within(name: string, value: Value, index = 0, hasNext = false): Scope {
    const loop = { name, value, index, hasNext, outer: this.loop }
    return new Scope(this.#model, this.#assigned, loop, this.settings)
  }

  /** `x_index` and `x_has_next`, the older spellings. */
  #loopState(name: string): Value {
    for (let loop = this.loop; loop; loop = loop.outer) {
      if (name === `${loop.name}_index`) return loop.index
      if (name === `${loop.name}_has_next`) return loop.hasNext
    }
    return undefined
  }
}
