import type { Servable, ServeOptions, ServiceServer } from './serve.ts'

/**
 * Serves services in this process, without a configuration. The gateway is loaded with the first of them: a program with
 * nothing but clients starts without it.
 * @throws Error saying what is wrong with them, or that the port cannot be used
 */
export async function serve(
  services: Servable | readonly Servable[],
  options?: ServeOptions,
): Promise<ServiceServer> {
  const loaded = await import('./serve.ts')
  return await loaded.serve(services, options)
}
