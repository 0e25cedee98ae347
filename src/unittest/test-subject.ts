import type { MessageContext } from '../core/context.ts'
import type { Gateway } from '../gateway.ts'
import { Diagnostics } from '../language/diagnostic.ts'
import type { Source } from '../language/source.ts'
import { readXml } from '../language/xml.ts'
import type { Outcome } from './assertion.ts'
import { callService } from './call.ts'
import { attributeOf } from './element-content.ts'
import { inputMessage, setProperties } from './input-message.ts'
import type { TestCase } from './test-case.ts'

/** What became of a message: what came out, or why nothing did. */
export interface Mediated {
  readonly outcome?: Outcome
  readonly problem?: string
  /** What was done in another way than the case asks for. */
  readonly note?: string
}

/** Kinds of artifact that are called, and what they are called in the list of what is served. */
const SERVICES: ReadonlyMap<string, string> = new Map([
  ['api', 'API'],
  ['proxy', 'proxy service'],
])

/** The artifact under test. */
export class TestSubject {
  /** Its element, such as `sequence`. */
  readonly kind: string
  readonly name: string

  constructor(source: Source) {
    // What is wrong with it is found at deployment.
    const root = readXml(source, new Diagnostics())
    this.kind = root?.name ?? 'artifact'
    this.name = (root && (attributeOf(root, 'name') ?? attributeOf(root, 'key'))) ?? ''
  }

  /** Whether it is called over HTTP. */
  get isService(): boolean {
    return SERVICES.has(this.kind)
  }

  /** Gives it the message of a case, for so many milliseconds at most. Never throws. */
  async mediate(each: TestCase, gateway: Gateway, limitMs: number): Promise<Mediated> {
    try {
      if (this.isService) return await this.#call(each, gateway, limitMs)
      if (this.kind === 'sequence') return await this.#run(each, gateway, limitMs)
      const other = 'test a sequence, a proxy service or an API that uses it'
      return { problem: `a message cannot be given to <${this.kind}>; ${other}` }
    } catch (error) {
      return { problem: (error as Error).message || String(error) }
    }
  }

  async #call(each: TestCase, gateway: Gateway, limitMs: number): Promise<Mediated> {
    const { protocol, name } = each
    const served = `${SERVICES.get(this.kind)} ${this.name}`
    const urls = gateway.listening.filter(({ what }) => what === served).map(({ url }) => url)
    const wanted = urls.find(url => url.startsWith(`${protocol}:`))
    const url = wanted ?? urls[0]
    if (url === undefined) return { problem: `${served} is not served` }
    const response = await callService(url, each, { isApi: this.kind === 'api', limitMs })
    if (wanted !== undefined) return { outcome: { response } }
    return {
      outcome: { response },
      note: `${name}: called over ${url.split(':', 1)[0]}, as it is not served over ${protocol}`,
    }
  }

  async #run(each: TestCase, gateway: Gateway, limitMs: number): Promise<Mediated> {
    const running = gateway.runSequence(this.name, inputMessage(each), ctx => setProperties(ctx, each))
    const message = await limited(running, limitMs)
    if (!message) return { problem: `sequence ${this.name} is not deployed` }
    return { outcome: { message }, problem: faultOf(message) }
  }
}

function faultOf({ fault, isFaultHandled }: MessageContext): string | undefined {
  if (!fault || isFaultHandled) return undefined
  const { code, message, place } = fault
  return `fault ${code}${place ? ` at ${place.file}:${place.line}:${place.column}` : ''}: ${message}`
}

async function limited<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not through within ${limitMs / 1000} s`)), limitMs)
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}
