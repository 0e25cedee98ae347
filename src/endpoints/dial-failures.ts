import { Fault, type FaultCode } from '../core/fault.ts'
import type { DialError, DialFailure } from '../websocket/dial.ts'

const FAULTS: Readonly<Record<DialFailure, FaultCode>> = {
  address: 101503,
  dns: 101503,
  refused: 101503,
  network: 101503,
  tls: 101503,
  status: 101503,
  protocol: 101506,
  timeout: 101508,
  crowded: 101503,
  aborted: 101507,
}

/** Makes the fault of a link that cannot be opened. */
export function faultOfDial(address: string, error: DialError): Fault {
  return new Fault(FAULTS[error.failure], `cannot connect to ${address}: ${error.message}`, { cause: error })
}
