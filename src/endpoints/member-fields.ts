import type { MessageContext } from '../core/context.ts'
import type { Endpoint } from '../core/ports.ts'
import { toAddress } from '../expressions/to-address.ts'
import type { Build, EndpointNode } from '../language/declare.ts'
import { attribute, children, type Field } from '../language/field.ts'
import type { Span } from '../language/source.ts'
import { boolean, name, port } from '../language/types.ts'
import { httpClient } from './connections.ts'
import { governed } from './governed.ts'
import { HttpSender } from './http-sender.ts'
import type { PolicyConfig } from './policy-fields.ts'
import { toOwnAddress } from './where.ts'

/** The endpoints of a group. */
export const endpoints: Field<readonly EndpointNode[]> = {
  kind: 'children',
  name: 'endpoint',
  doc: 'An endpoint of the group, inline or by key.',
  isRequired: false,
  fields: {},
  read: (_name, reader) => reader.takeChildren('endpoint').flatMap(element => reader.endpoint(element) ?? []),
}

/** Whether a group keeps every message so that it can send it again. */
export const buildMessage = attribute(boolean, {
  doc: 'Whether a payload of any length is read in before the first try, so that it can be sent again; default one up to 1 MiB.',
})

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
  const plain = httpPort === undefined ? undefined : `http://${hostName}:${httpPort}`
  const secure = httpsPort === undefined && plain ? undefined : `https://${hostName}:${httpsPort ?? 443}`
  const { maxBodyBytes } = build.settings.httpClient
  const sender = new HttpSender({
    client: httpClient(build),
    maxBodyBytes,
    where(ctx) {
      const to = toAddress(ctx) ?? '/'
      const isSecure = plain === undefined || /^https:/i.test(ctx.addressingIfAny?.to ?? urlOf(ctx) ?? '')
      const address = (isSecure ? secure : undefined) ?? plain!
      const { pathname, search } = new URL(to, address)
      return `${address}${pathname}${search}`
    },
  })
  const address = plain ?? secure!
  const definition = { name: '', address, config: COMES_BACK_SOON, notReady: 303001 } as const
  return governed(toOwnAddress(sender), definition, build, span)
}

function urlOf({ origin, message }: MessageContext): string | undefined {
  return message.status === undefined ? origin.request?.url : undefined
}

/** What an endpoint says that says nothing about failures. */
export const NO_POLICY: PolicyConfig = {
  timeout: undefined,
  markForSuspension: undefined,
  suspendOnFailure: undefined,
  suspendDurationOnFailure: undefined,
  retryConfig: undefined,
}

/** A host that failed is looked for again after a second, as the original does with its connect timer. */
const COMES_BACK_SOON: PolicyConfig = {
  ...NO_POLICY,
  suspendOnFailure: {
    errorCodes: undefined,
    initialDuration: { text: 1_000 },
    progressionFactor: undefined,
    maximumDuration: undefined,
  },
}
