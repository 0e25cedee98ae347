import type { MockServer, MockServerOptions } from './mock.ts'

/**
 * Serves mocks: those of a file, which is read again when it changes, or those of a list such as
 * `[{ websocket: { path: '/ws/echo', 'on-message': [{ pattern: 'ping', response: 'pong' }] } }]`. The gateway is loaded
 * with the first one: a program with nothing but clients starts without it.
 * @throws Error saying what is wrong with them, or that the port cannot be used
 */
export async function mock(source: string | object, options?: MockServerOptions): Promise<MockServer> {
  const loaded = await import('./mock.ts')
  return await loaded.mock(source, options)
}
