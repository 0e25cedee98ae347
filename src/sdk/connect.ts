import { Client } from './client.ts'
import type { ClientOptions } from './client-options.ts'
import { planOf } from './client-plan.ts'

/**
 * Opens a WebSocket to a server, or to the first of several that can be had.
 * @throws OptionError for options that cannot be meant so, and another WebSocketError with why there is no connection
 */
export async function connect(
  url: string | URL | readonly (string | URL)[],
  options: ClientOptions = {},
): Promise<Client> {
  const urls = typeof url === 'string' || url instanceof URL ? [url] : url
  return await Client.open(planOf(urls, options))
}
