import type { Resource } from '../language/declare.ts'

interface Binding {
  readonly member: string
  readonly expiresAt: number
}

/** More sessions than this are not remembered; those that were quiet longest go first. Clients may name them. */
const MOST_SESSIONS = 100_000

/** Which member of a group a session belongs to, for some time after its last message; across deployments. */
export class SessionBindings implements Resource {
  /** In the order in which they run out. */
  readonly #bindings = new Map<string, Binding>()

  /** Gives the name of the member a session belongs to. */
  get(session: string): string | undefined {
    const binding = this.#bindings.get(session)
    return binding && binding.expiresAt > performance.now() ? binding.member : undefined
  }

  /** Binds a session to a member, for the time given, and forgets those whose time is over. */
  bind(session: string, member: string, timeoutMs: number): void {
    const now = performance.now()
    this.#bindings.delete(session)
    this.#bindings.set(session, { member, expiresAt: now + timeoutMs })
    for (const [old, { expiresAt }] of this.#bindings) {
      if (expiresAt > now && this.#bindings.size <= MOST_SESSIONS) break
      this.#bindings.delete(old)
    }
  }

  async stop(): Promise<void> {
    this.#bindings.clear()
  }
}
