import { endpointArtifact } from '../endpoints/endpoint.ts'
import { endpointKinds, unsupportedEndpoints } from '../endpoints/index.ts'
import { webSocketInboundArtifact } from '../inbound/websocket-endpoint.ts'
import type { Artifact } from '../language/declare.ts'
import type { Vocabulary } from '../language/reader.ts'
import { mediators } from '../mediators/index.ts'
import { unsupportedMediators } from '../mediators/unsupported.ts'
import { proxyArtifact } from '../proxy/proxy-service.ts'
import { sequenceArtifact } from '../sequences/sequence.ts'

/** The kinds of artifact that are built in. */
export const artifacts: readonly Artifact[] = [
  sequenceArtifact,
  endpointArtifact,
  proxyArtifact,
  webSocketInboundArtifact,
]

const LATER = 'it comes with a later version.'

/** Kinds of artifact that are known and not run, each with what to say. */
export const unsupportedArtifacts: ReadonlyMap<string, string> = new Map([
  ...['api', 'template', 'localEntry', 'registry', 'task', 'messageStore', 'messageProcessor'].map(
    (element): [string, string] => [element, LATER],
  ),
  ['taskManager', 'there is one scheduler, and nothing to choose.'],
  ['import', 'connectors are not supported; call their services over HTTP.'],
  ['eventSource', 'use an inbound WebSocket with a broadcast level to publish events.'],
  ['priorityExecutor', 'there are no threads to give priorities to.'],
])

/** Protocols of inbound endpoints that are known and not run, each with what to say. */
export const unsupportedInbounds: ReadonlyMap<string, string> = new Map([
  ...['http', 'https', 'httpws', 'httpswss'].map((protocol): [string, string] => [protocol, LATER]),
  ...['jms', 'file', 'hl7', 'kafka', 'mqtt', 'rabbitmq', 'grpc', 'nats'].map((protocol): [string, string] => [
    protocol,
    'its transport is not there.',
  ]),
])

/** Everything files may use. */
export const vocabulary: Vocabulary = {
  mediators: new Map(mediators.map(mediator => [mediator.element, mediator])),
  endpoints: new Map(endpointKinds.map(kind => [kind.element, kind])),
  unsupported: new Map([...unsupportedMediators, ...unsupportedEndpoints]),
}
