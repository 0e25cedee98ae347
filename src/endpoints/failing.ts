import { Fault, type FaultCode } from '../core/fault.ts'
import type { Endpoint } from '../core/ports.ts'

/** Makes an endpoint that is there and cannot be used: what it is for is missing here. */
export function failingEndpoint(name: string, why: string, code: FaultCode = 305100): Endpoint {
  return {
    name,
    isReady: false,
    deliver() {
      throw new Fault(code, why)
    },
  }
}
