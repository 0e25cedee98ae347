import type { ChannelMessage, ChannelModel, ChannelParameter } from '../core/channel-model.ts'

/** What a description of the WebSockets of an inbound endpoint is made of. */
export interface InboundChannel {
  readonly name: string
  /** `/*` at its end for all below it. */
  readonly path: string
  /** The sequences for what clients and backends send. */
  readonly sequence: string
  readonly outSequence: string
  readonly contentType: string | undefined
  readonly subprotocols: readonly string[]
}

const REST: ChannelParameter = {
  name: 'path',
  type: 'string',
  description: 'The rest of the path, slashes included; it may be empty.',
}

/** Describes what WebSocket clients of an inbound endpoint can say, and hear. */
export function inboundChannel(given: InboundChannel): ChannelModel {
  const { name, path, sequence, outSequence, contentType, subprotocols } = given
  const isOpen = path.endsWith('/*')
  const toClient: ChannelMessage = {
    name: 'answer',
    summary: 'What the backend, or the sequence itself, sends',
    contentType,
  }
  return {
    kind: 'inbound endpoint',
    name,
    address: isOpen ? `${path.slice(0, -1)}{path}` : path,
    ...(isOpen && { parameters: [REST] }),
    subprotocols,
    operations: [
      {
        name: 'onMessage',
        does: 'receive',
        summary: `Runs through the sequence ${sequence}`,
        messages: [{ name: 'message', summary: 'A message of a client', contentType }],
        answers: [toClient],
      },
      {
        name: 'onBackendMessage',
        does: 'send',
        summary: `What backends send, through the sequence ${outSequence}`,
        messages: [toClient],
      },
    ],
  }
}
