import { Fault } from '../core/fault.ts'
import type { Endpoint } from '../core/ports.ts'
import type { Expression } from '../expressions/value.ts'

/** Makes the endpoint whose name is computed for each message. */
export function chosenEndpoint(keyExpression: Expression, name: string): Endpoint {
  return {
    name,
    deliver(ctx) {
      const key = keyExpression.text(ctx)?.trim()
      if (!key) throw new Fault(305100, `the endpoint's name, ${keyExpression.source}, came out empty`)
      const target = ctx.deployment.endpoint(key)
      if (!target) throw new Fault(305100, `endpoint ${key} cannot be found`)
      return target.deliver(ctx)
    },
  }
}
