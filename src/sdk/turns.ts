/** Does one thing after the other, in the order they are asked for; one that fails keeps no other from its turn. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()

  /** Does something when all that was asked for before is done. */
  take<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#last.then(act)
    this.#last = done.catch(() => {})
    return done
  }
}
