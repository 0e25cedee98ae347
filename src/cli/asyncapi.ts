import { writeFileSync } from 'node:fs'
import { asyncApiDocument } from '../asyncapi/document.ts'
import { Gateway, loadWithArchives } from '../gateway.ts'
import { didYouMean, format as formatted } from '../language/diagnostic.ts'
import { yamlText } from '../language/yaml-text.ts'
import { openLog } from '../log.ts'

/** Options of `myelin asyncapi`. */
export interface AsyncApiOptions {
  readonly output?: string
  /** Only the service of this name. */
  readonly service?: string
  readonly format: 'yaml' | 'json'
  readonly title?: string
  readonly apiVersion?: string
  /** Where clients reach the gateway. */
  readonly host?: string
}

/**
 * Describes the WebSockets of configurations as AsyncAPI, without opening anything. Gives 1 when there are errors;
 * what has none is described all the same.
 */
export async function asyncApi(paths: readonly string[], options: AsyncApiOptions): Promise<number> {
  const configuration = await loadWithArchives(paths)
  const { problems } = configuration.loaded
  for (const problem of problems) console.error(`myelin: ${problem}`)
  const { log } = await openLog({ level: 'silent', isReadable: false })
  const gateway = new Gateway(configuration, log)
  const { diagnostics } = gateway
  for (const found of diagnostics.all())
    if (found.severity === 'error') console.error(`${formatted(found)}\n`)
  const all = gateway.channels(options.host)
  const { service, apiVersion } = options
  const chosen = service === undefined ? all : all.filter(({ channel }) => channel.name === service)
  const names = [...new Set(all.map(({ channel }) => channel.name))]
  if (service !== undefined && chosen.length === 0)
    throw new Error(`there is no WebSocket service ${service}; ${hintFor(service, names)}`)
  if (all.length === 0) console.error(`myelin: no WebSocket is served by ${paths.join(', ')}`)
  const title = options.title ?? service ?? (names.length === 1 ? names[0]! : 'WebSocket services')
  const document = asyncApiDocument({ title, version: apiVersion }, chosen)
  const text = options.format === 'json' ? `${JSON.stringify(document, null, 2)}\n` : yamlText(document)
  if (options.output === undefined) process.stdout.write(text)
  else writeFileSync(options.output, text)
  return problems.length > 0 || diagnostics.errors > 0 ? 1 : 0
}

function hintFor(service: string, names: readonly string[]): string {
  if (names.length === 0) return 'there are none at all'
  return didYouMean(service, names) ?? `there are ${names.slice(0, 20).join(', ')}`
}
