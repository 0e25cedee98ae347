import type { EndpointKind } from '../language/declare.ts'
import { addressEndpoint } from './address.ts'
import { defaultEndpoint } from './default.ts'
import { dynamicLoadBalanceEndpoint, serviceDynamicLoadBalanceEndpoint } from './dynamic-load-balance.ts'
import { failoverEndpoint } from './failover.ts'
import { httpEndpoint } from './http.ts'
import { loadBalanceEndpoint } from './load-balance.ts'
import { recipientListEndpoint } from './recipient-list.ts'
import { wsdlEndpoint } from './wsdl.ts'

export { implicitEndpoint } from './default.ts'

/** The kinds of endpoint that are built in. */
export const endpointKinds: readonly EndpointKind[] = [
  addressEndpoint,
  httpEndpoint,
  defaultEndpoint,
  wsdlEndpoint,
  loadBalanceEndpoint,
  failoverEndpoint,
  recipientListEndpoint,
  dynamicLoadBalanceEndpoint,
  serviceDynamicLoadBalanceEndpoint,
]

/** Kinds of endpoint that are known and not run, each with what to say. */
export const unsupportedEndpoints: ReadonlyMap<string, string> = new Map([
  [
    'endpoint/class',
    'it runs a Java class; use an http or address endpoint, or a <class> mediator with a module of [myelin.classes].',
  ],
])
