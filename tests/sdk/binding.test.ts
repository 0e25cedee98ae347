// What a message is read as: schemas of any library, and plain functions.

import { describe, expect, test } from 'vitest'
import {
  connect,
  PayloadBindingError,
  PayloadValidationError,
  type StandardSchema,
} from '../../src/sdk/index.ts'
import { startEcho } from '../support/backends.ts'

/** A schema as libraries make them. */
function schema<T>(
  wants: (value: unknown) => value is T,
  message: string,
  path?: string[],
): StandardSchema<T> {
  const validate = (value: unknown) => (wants(value) ? { value } : { issues: [{ message, path }] })
  return { '~standard': { version: 1, vendor: 'test', validate } }
}

const text = schema(value => typeof value === 'string', 'no text')
const number = schema(value => typeof value === 'number', 'no number')
const bytes = schema(value => Buffer.isBuffer(value), 'no bytes')
const order = schema(
  (value): value is { id: number } => typeof (value as { id?: unknown } | null)?.id === 'number',
  'no number',
  ['order', 'id'],
)

describe('a schema', () => {
  test.each([
    ['an object', '{"id":1}', order, { id: 1 }],
    ['an object in bytes', Buffer.from('{"id":1}'), order, { id: 1 }],
    ['a number', '12', number, 12],
    ['text', 'hello', text, 'hello'],
    ['text with quotes', '"hello"', text, '"hello"'],
    ['text that is a number', '12', text, '12'],
    ['text in bytes', Buffer.from('hello'), text, 'hello'],
    ['bytes', Buffer.of(0xff, 0), bytes, Buffer.of(0xff, 0)],
    ['bytes that are JSON', Buffer.from('[1]'), bytes, Buffer.from('[1]')],
  ])('gets %s', async (_what, message, wanted, value) => {
    await using echo = await startEcho()
    await using client = await connect(echo.url)
    await client.writeMessage(message)
    expect(await client.readMessage<unknown>(wanted)).toEqual(value)
  })

  test('that takes its time', async () => {
    const slow: StandardSchema<string> = {
      '~standard': { version: 1, vendor: 'test', validate: async value => ({ value: `${value}!` }) },
    }
    await using echo = await startEcho()
    await using client = await connect(echo.url)
    await client.writeMessage('a')
    expect(await client.readMessage(slow)).toBe('a!')
  })

  test('that refuses JSON is a PayloadValidationError, and the connection stays open', async () => {
    await using echo = await startEcho()
    await using client = await connect(echo.url)
    await client.writeMessage({ id: 'x' })
    const error = await client.readMessage(order).catch(caught => caught)
    expect(error).toBeInstanceOf(PayloadValidationError)
    expect(error).toMatchObject({ code: 'PAYLOAD_VALIDATION_FAILED', data: '{"id":"x"}' })
    expect(error.message).toContain('order.id: no number')
    await client.writeMessage({ id: 2 })
    expect(await client.readMessage(order)).toEqual({ id: 2 })
  })

  test('that refuses what is no JSON is a PayloadBindingError', async () => {
    await using echo = await startEcho()
    await using client = await connect(echo.url)
    for (const message of ['{"id":', Buffer.of(0xff)]) {
      await client.writeMessage(message)
      const error = await client.readMessage(order).catch(caught => caught)
      expect(error).toBeInstanceOf(PayloadBindingError)
      expect(error).not.toBeInstanceOf(PayloadValidationError)
      expect(error).toMatchObject({ code: 'PAYLOAD_BINDING_FAILED', data: message })
    }
    expect(client.isOpen()).toBe(true)
  })

  test('is not asked with validation: false', async () => {
    await using echo = await startEcho()
    await using client = await connect(echo.url, { validation: false })
    await client.writeMessage({ id: 'x' })
    expect(await client.readMessage(order)).toEqual({ id: 'x' })
  })
})

describe('a function', () => {
  const half = (value: unknown): number => {
    if (typeof value !== 'number') throw new TypeError('no number to halve')
    return value / 2
  }

  test('gives what it makes of the message', async () => {
    await using echo = await startEcho()
    await using client = await connect(echo.url)
    await client.writeMessage(12)
    const six: number = await client.readMessage(half)
    expect(six).toBe(6)
  })

  test('that throws has refused the message', async () => {
    await using echo = await startEcho()
    await using client = await connect(echo.url)
    await client.writeMessage({})
    await client.writeMessage('plain')
    await expect(client.readMessage(half)).rejects.toMatchObject({
      code: 'PAYLOAD_VALIDATION_FAILED',
      cause: { message: 'no number to halve' },
    })
    await expect(client.readMessage(half)).rejects.toMatchObject({ code: 'PAYLOAD_BINDING_FAILED' })
  })
})
