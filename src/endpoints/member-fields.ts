import type { Endpoint } from '../core/ports.ts'
import { toAddress } from '../expressions/to-address.ts'
import type { Build, EndpointNode } from '../language/declare.ts'
import { attribute, children, type Field } from '../language/field.ts'
import type { Span } from '../language/source.ts'
import { name, port } from '../language/types.ts'
import { httpClient } from './connections.ts'
import { governed } from './governed.ts'
import { HttpSender } from './http-sender.ts'
import type { PolicyConfig } from './policy-fields.ts'

/** The endpoints of a group. */
export const endpoints: Field<readonly EndpointNode[]> = {
  kind: 'children',
  name: 'endpoint',
  doc: 'An endpoint of the group, inline or by key.',
  isRequired: false,
  fields: {},
  read: (_name, reader) => reader.takeChildren('endpoint').flatMap(element => reader.endpoint(element) ?? []),
}

/** The hosts of a group that take the path of the message. */
export const member = children(
  {
    hostName: attribute(name, { doc: 'Host.', required: true }),
    httpPort: attribute(port, { doc: 'Port for http.' }),
    httpsPort: attribute(port, { doc: 'Port for https.' }),
  },
  { doc: 'A host that takes the message at its own path.' },
)

/** A host of a group. */
export interface Member {
  readonly hostName?: string
  readonly httpPort?: number
  readonly httpsPort?: number
}

/** Makes the endpoint for a host: the path is that of the address the message is for, or came to. */
export function memberEndpoint(
  { hostName = '', httpPort, httpsPort }: Member,
  build: Build,
  span: Span,
): Endpoint {
  const isSecureOnly = httpPort === undefined
  const address = isSecureOnly ? `https://${hostName}:${httpsPort ?? 443}` : `http://${hostName}:${httpPort}`
  const { maxBodyBytes } = build.settings.httpClient
  const sender = new HttpSender({
    client: httpClient(build),
    maxBodyBytes,
    where(ctx) {
      const to = toAddress(ctx) ?? '/'
      const { pathname, search } = new URL(to, address)
      return `${address}${pathname}${search}`
    },
  })
  return governed(sender, { name: '', address, config: NO_POLICY, notReady: 303001 }, build, span)
}

/** What an endpoint says that says nothing about failures. */
export const NO_POLICY: PolicyConfig = {
  timeout: undefined,
  markForSuspension: undefined,
  suspendOnFailure: undefined,
  suspendDurationOnFailure: undefined,
  retryConfig: undefined,
}
