import { MessageContext } from '../core/context.ts'
import type { MaybePromise } from '../core/step.ts'
import { accessor } from '../expressions/scopes.ts'
import type { Build } from '../language/declare.ts'
import type { Content } from '../message/content.ts'
import { Message } from '../message/message.ts'
import { type CompressionConfig, compressionFor } from './compression-field.ts'
import { connectGates } from './connections.ts'
import type { CorrelatedBackend } from './correlated-backend.ts'
import { BackendById } from './correlated-by-id.ts'
import type { CallOptions } from './correlated-call.ts'
import { JsonCorrelator } from './correlated-json.ts'
import { BackendByLanes } from './correlated-lanes.ts'
import { CollectedReplies } from './correlated-replies.ts'
import { ADDRESSED_IDS } from './correlated-soap.ts'
import { StreamedReplies } from './correlated-stream.ts'
import { idsByXPath, XmlCorrelator } from './correlated-xml.ts'
import { type CorrelationConfig, memberPath, xpathAt } from './correlation-fields.ts'
import type { Correlator } from './correlator.ts'
import type { Sender } from './governed.ts'
import type { Survival } from './survival-fields.ts'

const terminate = accessor('axis2', 'connection.terminate')

/** Sends messages to a WebSocket backend and waits for their replies. */
class CorrelatedSender implements Sender {
  readonly #address: string
  readonly #backend: CorrelatedBackend
  readonly #options: CallOptions

  constructor(address: string, backend: CorrelatedBackend, options: CallOptions) {
    this.#address = address
    this.#backend = backend
    this.#options = options
  }

  /** @throws Fault as `CorrelatedBackend.deliver` does */
  deliver(ctx: MessageContext, timeoutMs: number): MaybePromise<Message | undefined> {
    ctx.to = this.#address
    // The links are those of all callers: what befalls one of these means nothing to them.
    if (ctx.event !== 'message' || (ctx.transportIfAny && terminate.get(ctx) === true)) return undefined
    const { content } = ctx.message
    if (!content.isArriving) return this.#backend.deliver(ctx, timeoutMs, this.#options)
    return content.collect().then(() => this.#backend.deliver(ctx, timeoutMs, this.#options))
  }
}

/** Makes what sends to a WebSocket address and waits for the replies. */
export function correlatedTo(
  address: string,
  name: string,
  options: CorrelatedOptions,
  build: Build,
): Sender {
  const backend = backendAt(address, name, options, build)
  return new CorrelatedSender(address, backend, callOptions(options.correlation, build))
}

/** What an address says of replies, and of links that survive. */
export interface CorrelatedOptions {
  readonly correlation: CorrelationConfig
  readonly survival: Survival
  readonly compression?: CompressionConfig | undefined
}

/** The links stay across deployments that define them the same way. */
function backendAt(
  address: string,
  name: string,
  { correlation: config, survival, compression }: CorrelatedOptions,
  build: Build,
): CorrelatedBackend {
  const { heartbeat, reconnect, connect } = survival
  const { webSocket } = build.settings
  const { links, maxPending, by, field, replyField, id } = config
  const places = [field, replyField].map(place => place && [place.text, ...place.setting.namespaces])
  const key = `correlated links ${name} ${address} ${JSON.stringify([by, places, id, links, maxPending, heartbeat, reconnect, connect, compression])}`
  const options = {
    address,
    links: links ?? 1,
    maxPending: maxPending ?? 20_000,
    settings: { ...webSocket, compression: compressionFor(compression, webSocket.compression) },
    survival: { heartbeat, reconnect, connect },
    gates: connectGates(build),
  }
  return build.resource<CorrelatedBackend>(key, () => {
    const correlator = correlatorOf(config)
    return correlator ? new BackendById(options, correlator) : new BackendByLanes(options)
  })
}

function correlatorOf({ by, field, replyField = field, id }: CorrelationConfig): Correlator | undefined {
  const keepsIds = id === 'keep'
  switch (by) {
    case 'json':
      return new JsonCorrelator({
        field: memberPath(field!),
        replyField: memberPath(replyField!),
        keepsIds,
        isRpc: false,
      })
    case 'json-rpc':
      return new JsonCorrelator({ field: ['id'], replyField: ['id'], keepsIds, isRpc: true })
    case 'xpath':
      return new XmlCorrelator(idsByXPath(xpathAt(field!), xpathAt(replyField!)), keepsIds)
    case 'soap':
      return new XmlCorrelator(ADDRESSED_IDS, keepsIds)
    default:
      return undefined
  }
}

function callOptions(config: CorrelationConfig, build: Build): CallOptions {
  const { replies, unmatched } = config
  const pipeline = unmatched && build.sequence(unmatched)
  if (replies === 'one') return { unmatched: pipeline }
  const { maxBodyBytes } = build.settings.httpClient
  return {
    unmatched: pipeline,
    isLast: lastReply(config),
    renewsTime: replies === 'stream',
    // A message of a WebSocket leaves as a whole, and so does what a task or a store is given.
    replies: call =>
      replies === 'stream' && call.ctx.origin.kind === 'http'
        ? new StreamedReplies(call, maxBodyBytes)
        : new CollectedReplies(maxBodyBytes),
  }
}

/** A response of JSON-RPC is the last one where nothing else is said, and an error always is. */
function lastReply({ by, until }: CorrelationConfig): (ctx: MessageContext, reply: Content) => boolean {
  if (!until) return () => true
  return ({ service, origin }, reply) => {
    if (by === 'json-rpc' && isError(reply)) return true
    return until.boolean(new MessageContext(service, origin, new Message(reply), { direction: 'response' }))
  }
}

function isError(reply: Content): boolean {
  const value = reply.json()
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'error')
}
