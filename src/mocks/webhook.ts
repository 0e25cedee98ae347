import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from '../core/logger.ts'
import type { YamlNode } from '../language/yaml.ts'
import { plainOf } from '../language/yaml.ts'
import type { MockFields } from './mock-reading.ts'
import { readTemplate } from './mock-reply.ts'
import type { MockScope } from './mock-scope.ts'
import type { Template } from './template.ts'
import { type Lookup, lookupOf, NoSuchValue } from './template-value.ts'

const LONGEST_MS = 30_000

/** A comparison of a value with another one. */
interface Condition {
  readonly left: Lookup | string
  readonly operator: '=' | '>' | '<' | '>=' | '<='
  readonly right: Lookup | string
}

/** A request that is sent some time after an answer. */
export class Webhook {
  readonly #sleepMs: number
  readonly #condition: Condition | undefined
  readonly #method: string
  readonly #url: Template
  readonly #headers: readonly (readonly [name: string, value: Template])[]
  readonly #body: Template | undefined

  constructor(given: {
    readonly sleepMs: number
    readonly condition: Condition | undefined
    readonly method: string
    readonly url: Template
    readonly headers: readonly (readonly [name: string, value: Template])[]
    readonly body: Template | undefined
  }) {
    this.#sleepMs = given.sleepMs
    this.#condition = given.condition
    this.#method = given.method
    this.#url = given.url
    this.#headers = given.headers
    this.#body = given.body
  }

  /** Sends it when it is time, unless its condition does not hold or the signal ends it. It never rejects. */
  async send(scope: MockScope, log: Logger, signal: AbortSignal): Promise<void> {
    let url = ''
    try {
      if (this.#condition && !isMet(this.#condition, scope)) return
      url = this.#url.text(scope)
      const body = this.#body?.text(scope)
      const headers = this.#headers.map(([name, value]): [string, string] => [name, value.text(scope)])
      if (body !== undefined && !headers.some(([name]) => name.toLowerCase() === 'content-type'))
        headers.push(['Content-Type', /^\s*[{[]/.test(body) ? 'application/json' : 'text/plain'])
      await wait(this.#sleepMs, undefined, { ref: false, signal })
      const { status, body: answer } = await fetch(url, {
        method: this.#method,
        headers,
        ...(body !== undefined && { body }),
        signal: AbortSignal.any([signal, AbortSignal.timeout(LONGEST_MS)]),
      })
      // Nobody reads it, and its connection would wait for that.
      answer?.cancel().catch(() => {})
      log.info({ url, status }, `webhook ${this.#method} ${url}: ${status}`)
    } catch (error) {
      if (signal.aborted) return
      log.warn({ url, err: error }, `webhook ${this.#method} ${url} failed: ${(error as Error).message}`)
    }
  }
}

function isMet({ left, operator, right }: Condition, scope: MockScope): boolean {
  const [a, b] = [left, right].map(side => (typeof side === 'string' ? side : (side(scope) ?? '')))
  const [x, y] = [Number(a), Number(b)]
  const areNumbers =
    String(a).trim() !== '' && String(b).trim() !== '' && !Number.isNaN(x) && !Number.isNaN(y)
  if (operator === '=') return areNumbers ? x === y : String(a) === String(b)
  const order = areNumbers ? x - y : String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0
  if (operator === '>') return order > 0
  if (operator === '<') return order < 0
  return operator === '>=' ? order >= 0 : order <= 0
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'] as const

/** Reads `webhook:`; undefined where there is none. */
export function readWebhook(owner: MockFields): Webhook | undefined {
  const fields = owner.fields('webhook')
  if (!fields) return undefined
  const url = fields.required('url')
  const text = fields.text('url') ?? ''
  const method = fields.text('method')?.toUpperCase() ?? 'POST'
  if (!METHODS.some(each => each === method))
    fields.error(fields.get('method')!.span, 'bad-value', `method is one of ${METHODS.join(', ')}.`)
  // The host that is called is never up to the caller.
  if (url && !/^https?:\/\/[^/{?#]+(?:[/?#]|$)/.test(text))
    fields.error(url.span, 'bad-value', 'url is an http or https address whose host has no holes.')
  const sleepMs = (fields.number('sleep-time', { max: 86_400, isWhole: false }) ?? 60) * 1_000
  const condition = readCondition(fields)
  const headers = readHeaders(fields)
  const body = fields.get('body')
  if (!url) return undefined
  return new Webhook({
    sleepMs,
    condition,
    method,
    url: readTemplate(url, text, fields.reading),
    headers,
    body: body && readBody(body, fields),
  })
}

/** Reads a body: text as it is, anything else as JSON. */
export function readBody(node: YamlNode, fields: MockFields): Template {
  const text = node.kind === 'scalar' ? node.text : JSON.stringify(plainOf(node))
  return readTemplate(node, text, fields.reading)
}

/** Reads a map of header fields. */
export function readHeaders(fields: MockFields): (readonly [name: string, value: Template])[] {
  const node = fields.get('headers')
  if (!node) return []
  if (node.kind !== 'map') {
    fields.error(node.span, 'bad-value', 'headers is a map of values by name.')
    return []
  }
  return node.entries.flatMap(({ key, keySpan, value }) => {
    if (/^[!#$%&'*+.^_`|~\w-]+$/.test(key)) return [[key, readBody(value, fields)] as const]
    fields.error(keySpan, 'bad-value', `${key} is no name of a header field.`)
    return []
  })
}

function readCondition(fields: MockFields): Condition | undefined {
  const node = fields.get('if')
  const text = fields.text('if')
  if (!node || text === undefined) return undefined
  const match = /^(.{1,500}?)\s*(>=|<=|=|>|<)\s*(.{1,500})$/s.exec(text.replaceAll(/\{\{|\}\}/g, ''))
  try {
    if (match)
      return {
        left: sideOf(match[1]!),
        operator: match[2] as Condition['operator'],
        right: sideOf(match[3]!),
      }
    fields.error(node.span, 'bad-value', 'if compares two values by =, >, <, >= or <=.')
  } catch (error) {
    if (!(error instanceof NoSuchValue)) throw error
    fields.error(node.span, 'bad-template', error.message)
  }
  return undefined
}

/** @throws NoSuchValue for a source that there is none of */
function sideOf(text: string): Lookup | string {
  const side = text.trim()
  if (/^(?:path|query|json|header)-params\.|^message$/.test(side)) return lookupOf([side], false)
  return side.replace(/^(["'])(.*)\1$/s, '$2')
}
