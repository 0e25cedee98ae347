/* The code below runs inside the isolate of a script, never here: it may use nothing from outside the function. */

import type { CrossedXml } from './script-xml.ts'

/** What a script gets to see of a message. */
export interface ScriptInput {
  readonly json: string | null
  readonly xml: string | null
  readonly envelope: string | null
  readonly text: string | null
  readonly properties: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly variables: Readonly<Record<string, unknown>>
  readonly addressing: Readonly<Record<string, string | null>>
  readonly flags: Readonly<Record<string, boolean>>
  readonly args: readonly unknown[]
}

/** Something a script did to the message, in the order it did it. */
export type ScriptEffect =
  | { readonly kind: 'json'; readonly text: string }
  | { readonly kind: 'xml'; readonly text: string }
  | { readonly kind: 'property'; readonly name: string; readonly value: unknown; readonly scope: string }
  | { readonly kind: 'remove'; readonly name: string; readonly scope: string }
  | { readonly kind: 'variable'; readonly name: string; readonly value: unknown }
  | { readonly kind: 'address'; readonly name: string; readonly value: string | null }
  | { readonly kind: 'response'; readonly value: boolean }
  | { readonly kind: 'header'; readonly mustUnderstand: boolean; readonly text: string }
  | { readonly kind: 'log'; readonly level: string; readonly text: string }
  | { readonly kind: 'resource'; readonly key: string; readonly text: string }
  | { readonly kind: 'sleep'; readonly ms: number }

/** What comes back of a script. */
export interface ScriptOutput {
  readonly effects: readonly ScriptEffect[]
  readonly result: unknown
  readonly stops: boolean
}

type Scope = Record<string, unknown>
type Effect = { kind: string } & Record<string, unknown>

/**
 * Makes the function that runs a script on one message. It is written out as text and evaluated in the isolate,
 * where `__host` answers questions and `body` is the script.
 */
export function prelude(
  body: (mc: object, args: unknown[]) => unknown,
  makeXml: (host: (question: string, text: string) => string) => {
    read: (text: string) => object
    write: (value: unknown) => string
    list: (nodes: readonly (CrossedXml | string)[]) => object
  },
  keepBuiltins: () => () => void,
): (input: string) => string {
  const root = globalThis as unknown as Scope
  const host = root.__host as (question: string, text: string) => string
  delete root.__host
  const xml = makeXml(host)
  root.__xml = (texts: string[], values: unknown[]): object => {
    const quoted = (text: string): string => text.replace(/[&<>"]/g, c => `&#${c.charCodeAt(0)};`)
    let text = texts[0]!
    for (let i = 0; i < values.length; i++) {
      const value = values[i]
      const isXml = typeof value === 'object' && value !== null && (value as Scope).__isXml === true
      text += (isXml ? xml.write(value) : quoted(String(value))) + texts[i + 1]!
    }
    return xml.read(text)
  }
  let effects: Effect[] = []
  root.print = (...values: unknown[]): void => {
    effects.push({ kind: 'log', level: 'info', text: values.map(String).join(' ') })
  }
  // All of a stream that scripts need is that it can be parsed.
  class ByteArrayInputStream {
    readonly #text: string
    constructor(bytes: unknown) {
      this.#text = String(bytes)
    }
    toString(): string {
      return this.#text
    }
  }
  Object.defineProperty(String.prototype, 'getBytes', {
    value(this: string): object {
      return new String(this)
    },
  })
  root.java = {
    lang: { Thread: { sleep: (ms: unknown) => effects.push({ kind: 'sleep', ms: Number(ms) }) } },
    io: { ByteArrayInputStream },
  }
  root.Java = {
    type: (name: unknown): unknown => {
      if (name === 'java.io.ByteArrayInputStream') return ByteArrayInputStream
      throw new Error(`there is no Java class ${name}`)
    },
  }
  const known = new Set(Object.getOwnPropertyNames(root))
  const restoreBuiltins = keepBuiltins()

  return input => {
    const given = JSON.parse(input) as Omit<ScriptInput, 'properties'> & {
      properties: Record<string, Scope>
      variables: Scope
      addressing: Record<string, string | null>
    }
    effects = []
    const written = new Map<string, string>()
    let json: { value: unknown; text: string } | undefined
    let jsonText = given.json
    let xmlText = given.xml
    let { envelope } = given
    const scopeOf = (scope: unknown): Scope => (given.properties[String(scope ?? 'default')] ??= {})
    const plain = (value: unknown): unknown => {
      if (typeof value === 'object' && value !== null && (value as Scope).__isXml === true)
        return { __xml: xml.write(value) }
      return value === undefined || typeof value === 'function' ? null : value
    }
    const address = (name: string): Record<string, unknown> => ({
      [`get${name}`]: () => {
        const value = given.addressing[name]
        if (value === null || value === undefined || name !== 'To') return value ?? null
        return Object.assign(new String(value), { getAddress: () => value })
      },
      [`set${name}`]: (value: unknown) => {
        given.addressing[name] = value === null ? null : String(value)
        effects.push({ kind: 'address', name, value: given.addressing[name] })
      },
    })
    const setJson = (text: string): void => {
      jsonText = text
      json = undefined
      xmlText = null
      effects.push({ kind: 'json', text })
    }
    const logger = Object.fromEntries(
      ['trace', 'debug', 'info', 'warn', 'error', 'fatal'].map(level => [
        level,
        (text: unknown) => effects.push({ kind: 'log', level, text: String(text) }),
      ]),
    )
    const resource = (key: unknown): string | null =>
      written.get(String(key)) ?? (JSON.parse(host('resource', String(key))) as string | null)
    const write = (key: unknown, value: unknown): void => {
      const isXml = typeof value === 'object' && value !== null && (value as Scope).__isXml === true
      const text = isXml ? xml.write(value) : String(value)
      written.set(String(key), text)
      effects.push({ kind: 'resource', key: String(key), text })
    }
    const registry = {
      getResource: resource,
      lookup: resource,
      // Compatibility: the original says here whether it is a folder; scripts give it the content.
      newResource: (key: unknown, value: unknown) => write(key, typeof value === 'boolean' ? '' : value),
      updateResource: write,
    }
    const xpath = (expression: unknown): object => {
      const namespaces: Record<string, string> = {}
      const ask = (value: unknown): { nodes?: (CrossedXml | string)[]; text: string } =>
        JSON.parse(
          host(
            'xpath',
            JSON.stringify({ expression: String(expression), xml: xml.write(value), namespaces }),
          ),
        ) as { nodes?: (CrossedXml | string)[]; text: string }
      const select = (value: unknown): object => xml.list(ask(value).nodes ?? [])
      return {
        addNamespace: (prefix: unknown, uri: unknown) => {
          namespaces[String(prefix)] = String(uri)
        },
        selectNodes: select,
        selectSingleNode: (value: unknown) => {
          const [first] = ask(value).nodes ?? []
          return first === undefined ? null : xml.list([first])
        },
        stringValueOf: (value: unknown) => ask(value).text,
      }
    }
    const element = (text: string | null): object | null => (text === null ? null : xml.read(text))
    const mc: Record<string, unknown> = {
      getPayloadJSON: () => {
        if (json) return json.value
        const value: unknown = jsonText === null || jsonText === '' ? {} : JSON.parse(jsonText)
        json = { value, text: JSON.stringify(value) }
        return value
      },
      setPayloadJSON: (value: unknown) =>
        setJson(typeof value === 'string' ? value : (JSON.stringify(value) ?? 'null')),
      getJsonText: () => jsonText ?? 'null',
      setJsonText: (_mc: unknown, text: unknown) => {
        jsonText = text === null || text === undefined ? 'null' : String(text)
        json = undefined
      },
      jsonObject: () => (json ? json.value : JSON.parse(jsonText ?? 'null')),
      setJsonObject: (_mc: unknown, value: unknown) => {
        json = { value, text: JSON.stringify(value) }
        jsonText = json.text
      },
      getPayloadXML: () => {
        if (xmlText === null) return null
        return element(xmlText)
      },
      setPayloadXML: (value: unknown) => {
        const text = typeof value === 'string' ? value : xml.write(value)
        xmlText = text
        jsonText = null
        json = undefined
        effects.push({ kind: 'xml', text })
      },
      getPayloadText: () => jsonText ?? envelope ?? given.text ?? '',
      getEnvelopeXML: () => envelope,
      getEnvelope: () => element(envelope),
      getProperty: (name: unknown) => {
        const value = scopeOf('default')[String(name)]
        if (typeof value === 'object' && value !== null && '__xml' in value)
          return element((value as { __xml: string }).__xml)
        return value ?? null
      },
      setProperty: (name: unknown, value: unknown, scope?: unknown) => {
        scopeOf(scope)[String(name)] = plain(value)
        effects.push({
          kind: 'property',
          name: String(name),
          value: plain(value),
          scope: String(scope ?? 'default'),
        })
      },
      removeProperty: (name: unknown, scope?: unknown) => {
        delete scopeOf(scope)[String(name)]
        effects.push({ kind: 'remove', name: String(name), scope: String(scope ?? 'default') })
      },
      getPropertyKeySet: () => Object.keys(scopeOf('default')),
      getVariable: (name: unknown) => given.variables[String(name)] ?? null,
      setVariable: (name: unknown, value: unknown) => {
        given.variables[String(name)] = plain(value)
        effects.push({ kind: 'variable', name: String(name), value: plain(value) })
      },
      getVariableKeySet: () => Object.keys(given.variables),
      isResponse: () => given.flags.response,
      setResponse: (value: unknown) => effects.push({ kind: 'response', value: Boolean(value) }),
      isDoingPOX: () => given.flags.pox,
      isDoingGET: () => given.flags.get,
      isSOAP11: () => given.flags.soap11,
      isFaultResponse: () => given.flags.fault,
      getTracingState: () => 0,
      getEntry: (key: unknown) => host('entry', String(key)),
      getLocalEntry: (key: unknown) => host('entry', String(key)),
      getConfiguration: () => ({
        getRegistry: () => registry,
        getEntry: resource,
        getLocalRegistryEntry: resource,
      }),
      getXpathResult: xpath,
      addHeader: (mustUnderstand: unknown, value: unknown) => {
        const header = {
          mustUnderstand: Boolean(mustUnderstand),
          text: typeof value === 'string' ? value : xml.write(value),
        }
        effects.push({ kind: 'header', ...header })
        if (envelope !== null) envelope = host('header', JSON.stringify({ ...header, envelope }))
      },
      parseXml: (text: unknown) => element(String(text)),
      getParsedOMElement: (text: unknown) => element(String(text)),
      getServiceLog: () => logger,
    }
    for (const name of [
      'To',
      'From',
      'ReplyTo',
      'FaultTo',
      'RelatesTo',
      'MessageID',
      'SoapAction',
      'WSAAction',
    ])
      Object.assign(mc, address(name))
    root.mc = mc
    try {
      const result = body(mc, given.args as unknown[])
      // The object of getPayloadJSON is the payload itself: what was done to it counts.
      if (json && json.text !== JSON.stringify(json.value) && jsonText !== null && given.json !== null) {
        effects.unshift({ kind: 'json', text: JSON.stringify(json.value) })
      }
      return JSON.stringify({ effects, result: plain(result), stops: result === false })
    } finally {
      restoreBuiltins()
      // What a script leaves lying around must not be seen by the next message.
      for (const name of Object.getOwnPropertyNames(root)) {
        if (!known.has(name) && !Reflect.deleteProperty(root, name)) root[name] = undefined
      }
    }
  }
}
