import { endpointArtifact, endpointElement } from '../endpoints/endpoint.ts'
import { endpointKinds, unsupportedEndpoints } from '../endpoints/index.ts'
import { endpointTemplateArtifact } from '../endpoints/template.ts'
import { fileInboundArtifact } from '../inbound/file-endpoint.ts'
import { httpInboundArtifact } from '../inbound/http-endpoint.ts'
import { httpWebSocketInboundArtifact } from '../inbound/http-websocket-endpoint.ts'
import { taskArtifact } from '../inbound/task.ts'
import { webSocketInboundArtifact } from '../inbound/websocket-endpoint.ts'
import type { Artifact } from '../language/declare.ts'
import type { Vocabulary } from '../language/reader.ts'
import { mediators } from '../mediators/index.ts'
import { unsupportedMediators } from '../mediators/unsupported.ts'
import { apiArtifact } from '../proxy/api.ts'
import { proxyArtifact } from '../proxy/proxy-service.ts'
import { sequenceArtifact } from '../sequences/sequence.ts'
import { templateArtifact } from '../sequences/template.ts'
import { functionMediator } from '../services/function-mediator.ts'
import { messageProcessorArtifact } from '../stores/message-processor.ts'
import { messageStoreArtifact } from '../stores/message-store.ts'
import { localEntryArtifact } from './local-entry.ts'
import {
  importArtifact,
  priorityExecutorArtifact,
  registryArtifact,
  taskManagerArtifact,
} from './server-artifacts.ts'
import { serviceArtifact } from './service-artifact.ts'

/** The kinds of artifact that are built in. */
export const artifacts: readonly Artifact[] = [
  sequenceArtifact,
  endpointTemplateArtifact,
  templateArtifact,
  endpointArtifact,
  proxyArtifact,
  apiArtifact,
  webSocketInboundArtifact,
  httpInboundArtifact,
  httpWebSocketInboundArtifact,
  fileInboundArtifact,
  localEntryArtifact,
  messageStoreArtifact,
  messageProcessorArtifact,
  taskArtifact,
  registryArtifact,
  taskManagerArtifact,
  importArtifact,
  priorityExecutorArtifact,
  serviceArtifact,
]

/** Kinds of artifact that are known and not run, each with what to say. */
export const unsupportedArtifacts: ReadonlyMap<string, string> = new Map([
  ['eventSource', 'use an inbound WebSocket with a broadcast level to publish events.'],
])

/** Protocols of inbound endpoints that are known and not run, each with what to say. */
export const unsupportedInbounds: ReadonlyMap<string, string> = new Map([
  ...['jms', 'hl7', 'kafka', 'mqtt', 'rabbitmq', 'grpc', 'nats'].map((protocol): [string, string] => [
    protocol,
    'its transport is not there.',
  ]),
])

/** Everything files may use. */
export const vocabulary: Vocabulary = {
  mediators: new Map([...mediators, functionMediator].map(mediator => [mediator.element, mediator])),
  endpoints: new Map(endpointKinds.map(kind => [kind.element, kind])),
  endpoint: endpointElement,
  unsupported: new Map([...unsupportedMediators, ...unsupportedEndpoints]),
}
