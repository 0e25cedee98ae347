import { Fault } from '../core/fault.ts'
import type { Endpoint } from '../core/ports.ts'
import type { Build, EndpointKind } from '../language/declare.ts'
import { addressEndpoint } from './address.ts'

/** The kinds of endpoint that are built in. */
export const endpointKinds: readonly EndpointKind[] = [addressEndpoint]

/** Kinds of endpoint that are known and not run, each with what to say. */
export const unsupportedEndpoints: ReadonlyMap<string, string> = new Map([
  ...['http', 'default', 'loadbalance', 'failover', 'recipientlist', 'wsdl'].map(
    (element): [string, string] => [`endpoint/${element}`, 'it comes with a later version.'],
  ),
  [
    'endpoint/dynamicLoadbalance',
    'there is no cluster membership to balance over; list the members in a loadbalance.',
  ],
  ['endpoint/serviceDynamicLoadbalance', 'there is no cluster membership to balance over.'],
  ['endpoint/class', 'it runs a Java class.'],
])

/** Makes the endpoint that sends to the address a message is for. */
export function implicitEndpoint(_build: Build): Endpoint {
  return {
    name: '',
    deliver() {
      throw new Fault(0, 'send has no endpoint, and the message no address to go to')
    },
  }
}
