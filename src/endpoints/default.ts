import type { FaultCode } from '../core/fault.ts'
import type { Endpoint } from '../core/ports.ts'
import { type Build, endpointKind } from '../language/declare.ts'
import { statistics, trace } from '../language/observation.ts'
import { httpClient, webSocketTo } from './connections.ts'
import { governed, type Sender } from './governed.ts'
import { HttpSender } from './http-sender.ts'
import type { Shape } from './outgoing.ts'
import { policyFields } from './policy-fields.ts'
import { SHAPE_IGNORED, SHAPE_UNSUPPORTED, shapeFields, shapeOf } from './shape-fields.ts'
import { addressOf, ownAddress, toOwnAddress, type Where } from './where.ts'

/** An endpoint wherever the message is for. */
export const defaultEndpoint = endpointKind({
  element: 'default',
  summary: 'Sends to the address the message is for: its `To`, as the header mediator sets it.',
  fields: { ...shapeFields, statistics, trace, ...policyFields },
  ignored: SHAPE_IGNORED,
  unsupported: SHAPE_UNSUPPORTED,
  notes:
    'Without a `To` that was set, the WS-Addressing header of a SOAP message is used. All addresses together are one endpoint: a failure of one of them suspends it.',
  example: `<endpoint><default format="pox"/></endpoint>`,
  compile(config, build, name, span) {
    const shape = shapeOf(config, build, span)
    const sender = anywhere(ownAddress(shape.format, 303001), { shape, nowhere: 303001 }, build)
    return governed(sender, { name, address: 'default', config, notReady: 303001 }, build, span)
  },
})

/** Makes the endpoint that sends to the address a message is for, without policies; fault 0 where it has none. */
export function implicitEndpoint(build: Build): Endpoint {
  const sender = anywhere(ctx => addressOf(ctx, 0), { shape: {}, nowhere: 0 }, build)
  const { timeoutMs } = build.settings.httpClient
  return { name: '', deliver: ctx => sender.deliver(ctx, timeoutMs) }
}

function anywhere(
  where: Where,
  { shape, nowhere }: { readonly shape: Shape; readonly nowhere: FaultCode },
  build: Build,
): Sender {
  const { maxBodyBytes } = build.settings.httpClient
  const http = new HttpSender({ ...shape, client: httpClient(build), maxBodyBytes, where })
  return toOwnAddress({
    deliver(ctx, timeoutMs) {
      const address = addressOf(ctx, nowhere)
      if (/^wss?:/i.test(address)) return webSocketTo(address, '', build).deliver(ctx)
      return http.deliver(ctx, timeoutMs)
    },
  })
}
