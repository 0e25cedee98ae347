import { readFileSync } from 'node:fs'
import { posix, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { MaybePromise } from '../core/step.ts'
import type { Build } from '../language/declare.ts'
import { resolved } from '../language/resolved.ts'
import type { Span } from '../language/source.ts'
import { serializeXml } from '../message/xml/serialize.ts'
import type { PublishConfig } from './publish-wsdl.ts'
import { type Documents, importsOf, MAIN } from './wsdl-document.ts'

/** How long fetching a document may take, in milliseconds, and how large it may be. */
const FETCH_LIMIT_MS = 10_000
const MAX_BYTES = 8 * 1024 * 1024

/** A description with more documents is none that was written by hand. */
const MAX_DOCUMENTS = 100

/** Reads a document by the name it is imported by; undefined where it cannot be had. */
type Read = (name: string) => MaybePromise<string | undefined>

/** Gives the documents of a description; undefined where it cannot be had. */
export type WsdlSource = () => Promise<Documents | undefined>

/** Finds where the description of a service comes from; what cannot be read is reported, and undefined. */
export function wsdlSource(
  config: PublishConfig,
  what: string,
  build: Build,
  span: Span,
): WsdlSource | undefined {
  const named = new Map(config.resource.flatMap(({ location, key }) => (key ? [[location, key.name]] : [])))
  for (const { key } of config.resource) if (key) build.entry(key)
  const entryText = (key: string): string | undefined => build.deployment.entry(key)?.text
  const withNamed =
    (read: Read): Read =>
    name => {
      const key = name === MAIN ? undefined : named.get(name)
      return key === undefined ? read(name) : entryText(key)
    }
  const names = [...named.keys()]
  const { inline, key, uri, endpoint } = config
  if (inline) {
    const wsdl = serializeXml(inline.xml)
    return () =>
      collected(
        withNamed(name => (name === MAIN ? wsdl : undefined)),
        names,
      )
  }
  const byKey = (main: string): WsdlSource => {
    const read = withNamed(name => entryText(name === MAIN ? main : posix.join(posix.dirname(main), name)))
    return () => collected(read, names)
  }
  const byAddress = (address: string): WsdlSource => {
    if (/^(?:conf|gov|local|resources):/.test(address)) return byKey(address)
    if (!/^https?:/i.test(address)) return async () => undefined
    return remembered(() =>
      collected(
        withNamed(name => fetched(new URL(name, address))),
        names,
      ),
    )
  }
  if (key) {
    build.entry(key)
    return byKey(key.name)
  }
  const warn = (reason: string): undefined => {
    build.warning(span, 'missing-wsdl', `${what} publishes no WSDL: ${reason}.`)
  }
  if (uri === undefined && endpoint) {
    const target = build.endpoint({
      name: undefined,
      key: endpoint,
      kind: undefined,
      config: undefined,
      span,
    })
    let source: WsdlSource | undefined
    // Which address that is, is known once all endpoints are compiled.
    return async () => {
      source ??= target.describedAt === undefined ? undefined : byAddress(target.describedAt)
      return source?.()
    }
  }
  const found = resolved(uri?.trim() ?? '', { within: false })
  if ('missing' in found) return warn(`${uri} needs ${found.missing}, which the environment does not have`)
  const address = found.text
  if (address === '') return warn('nothing says where it is')
  if (/^(?:https?|conf|gov|local|resources):/i.test(address)) return byAddress(address)
  return ofFile(address, withNamed, names, warn)
}

function ofFile(
  address: string,
  withNamed: (read: Read) => Read,
  names: readonly string[],
  warn: (reason: string) => undefined,
): WsdlSource | undefined {
  const path = resolve(address.replace(/^file:(?:\/\/(?=\/))?/i, ''))
  try {
    const wsdl = decoded(readFileSync(path))
    const read = withNamed(name => {
      if (name === MAIN) return wsdl
      try {
        return decoded(readFileSync(new URL(name, pathToFileURL(path))))
      } catch {
        return undefined
      }
    })
    return () => collected(read, names)
  } catch (error) {
    return warn(`${address} cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`)
  }
}

/** Reads a description with all it imports. What cannot be had is left out. */
async function collected(read: Read, named: readonly string[]): Promise<Documents | undefined> {
  const all = new Map<string, string>()
  const waiting = [MAIN, ...named]
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    if (all.has(name) || all.size >= MAX_DOCUMENTS) continue
    const text = await read(name)
    if (text === undefined) {
      if (name === MAIN) return undefined
      continue
    }
    all.set(name, text)
    waiting.push(...importsOf(name, text))
  }
  return all
}

/** Keeps a description that was fetched; callers who ask at the same time wait for the same one. */
function remembered(source: WsdlSource): WsdlSource {
  let known: Promise<Documents | undefined> | undefined
  return () => {
    known ??= source().then(found => {
      if (!found) known = undefined
      return found
    })
    return known
  }
}

async function fetched(address: URL): Promise<string | undefined> {
  if (!/^https?:$/.test(address.protocol)) return undefined
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(FETCH_LIMIT_MS) })
    if (!response.ok || !response.body) return undefined
    const chunks: Uint8Array[] = []
    let size = 0
    for await (const chunk of response.body) {
      size += chunk.length
      if (size > MAX_BYTES) return undefined
      chunks.push(chunk)
    }
    return decoded(Buffer.concat(chunks))
  } catch {
    return undefined
  }
}

/** Reads a document in the encoding it says it has, else in UTF-8. */
function decoded(bytes: Buffer): string {
  const [, label = 'utf-8'] =
    /^\s*<\?xml[^<>]*?\sencoding\s*=\s*["']([\w.-]+)["']/.exec(bytes.toString('latin1', 0, 200)) ?? []
  try {
    return new TextDecoder(label).decode(bytes)
  } catch {
    return bytes.toString()
  }
}
