import type { MessageContext } from '../core/context.ts'
import { accessor } from '../expressions/scopes.ts'
import { Content, mediaTypeOf } from '../message/content.ts'
import { Headers } from '../message/headers.ts'
import { Message } from '../message/message.ts'
import { mediaTypeOfPayload } from './payload.ts'
import type { TestCase } from './test-case.ts'

/** Makes the message a case gives to a sequence: its payload, and its transport properties as headers. */
export function inputMessage({ payload, properties }: TestCase): Message {
  const headers = new Headers()
  for (const { name, value, scope } of properties) if (scope === 'transport') headers.set(name, value)
  if (payload === undefined) return new Message(Content.empty(), headers)
  const contentType = headers.get('Content-Type') ?? mediaTypeOfPayload(payload)
  if (!headers.get('Content-Type')) headers.set('Content-Type', contentType)
  return new Message(new Content(Buffer.from(payload), mediaTypeOf(contentType)), headers)
}

/** Sets the properties of the other scopes. */
export function setProperties(ctx: MessageContext, { properties }: TestCase): void {
  for (const { name, value, scope } of properties)
    if (scope !== 'transport') accessor(scope, name).set(ctx, value)
}
