import type { ChannelMessage, ChannelModel, ChannelOperation } from '../core/channel-model.ts'
import type { MockReply } from './mock-reply.ts'
import type { MockSet } from './mock-set.ts'
import type { MockRule, WebSocketMock } from './websocket-mock.ts'

/** Describes the WebSockets of mocks: a channel each, with the patterns they answer. */
export function mockChannels({ webSockets }: MockSet): ChannelModel[] {
  return webSockets.map(channelOf)
}

function channelOf(mock: WebSocketMock): ChannelModel {
  const { address, rules, onConnect, pushes, subprotocols } = mock
  const { path, scheme, query } = address
  const greeting = onConnect?.reply
    ? sent('onConnect', 'Sent when a client has connected', onConnect.reply)
    : []
  const pushed = pushes.flatMap((push, i) =>
    sent(`push${i + 1}`, `Sent every ${push.everyMs} ms`, push.reply),
  )
  return {
    kind: 'mock',
    name: path.text,
    address: path.template,
    ...(address.host !== undefined && { description: `For the host ${address.host}` }),
    parameters: path.typedParameters,
    query: query.map(([name, type]) => ({ name, type })),
    subprotocols,
    ...(scheme !== undefined && { security: [{ scheme }] }),
    operations: [...greeting, ...rules.map(ruleOperation), ...pushed],
  }
}

function sent(name: string, summary: string, reply: MockReply): ChannelOperation[] {
  const messages = answersOf(name, reply)
  return messages.length > 0 ? [{ name, does: 'send', summary, messages }] : []
}

function ruleOperation({ pattern, reply }: MockRule, i: number): ChannelOperation {
  const name = `pattern${i + 1}`
  const summary = pattern.text
  const { example } = pattern
  const message: ChannelMessage = {
    name,
    summary,
    ...(pattern.isJson && { contentType: 'application/json' }),
    ...(example !== undefined && { examples: [example] }),
  }
  const answers = reply ? answersOf(name, reply) : []
  return { name, does: 'receive', summary, messages: [message], ...(answers.length > 0 && { answers }) }
}

function answersOf(name: string, { samples }: MockReply): ChannelMessage[] {
  return samples.map((sample, i) => {
    const own = `${name}Answer${samples.length > 1 ? i + 1 : ''}`
    if (sample === undefined) return { name: own, contentType: 'application/octet-stream' }
    const value = parsed(sample)
    const isJson = typeof value === 'object' && value !== null
    return {
      name: own,
      ...(isJson && { contentType: 'application/json' }),
      examples: [isJson ? value : sample],
    }
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
