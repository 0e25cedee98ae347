import type { TokenPlace } from '../core/access/token-place.ts'
import { resolved } from '../language/resolved.ts'
import type { Span } from '../language/source.ts'
import { Expected, type ValueType } from '../language/types.ts'

/** Something written, and where. */
export interface Located {
  readonly text: string
  readonly span: Span
}

/** Text whose place is needed later: the name of a file, an address. */
export const located: ValueType<Located> = {
  name: 'text',
  parse(value, { span }) {
    if (value.trim() === '') throw new Expected('some text')
    return { text: value.trim(), span }
  },
}

/** Text that nobody is shown; `$SYSTEM:NAME` is in the environment. */
export const secret: ValueType<Located> = {
  name: 'text, or $SYSTEM:NAME for a variable of the environment',
  parse(value, { span }) {
    const found = resolved(value, { within: false })
    if ('missing' in found)
      throw new Expected(
        `a value: the environment has no ${found.missing}`,
        `Set the environment variable ${found.missing}.`,
      )
    if (found.text === '') throw new Expected('some text')
    return { text: found.text, span }
  },
}

/** Scopes with spaces or commas between them. */
export const scopeList: ValueType<readonly string[]> = {
  name: 'scopes',
  parse(value) {
    const scopes = value.split(/[\s,]+/).filter(scope => scope !== '')
    if (scopes.length === 0) throw new Expected('at least one scope')
    return scopes
  },
}

/** Seconds, whole or not. */
export function seconds({ min = 0 }: { readonly min?: number } = {}): ValueType<number> {
  return {
    name: 'seconds',
    parse(value) {
      const number = Number(value)
      if (value.trim() === '' || !Number.isFinite(number) || number < min)
        throw new Expected(min > 0 ? `seconds, at least ${min}` : 'seconds')
      return number
    },
  }
}

/** An address of a server that is asked. */
export const httpAddress: ValueType<URL> = {
  name: 'http or https address',
  parse(value) {
    const url = URL.canParse(value.trim()) ? new URL(value.trim()) : undefined
    if (!url || !/^https?:$/.test(url.protocol))
      throw new Expected('an address such as https://id.example.com/keys')
    if (url.username !== '' || url.password !== '')
      throw new Expected('an address without a name or password; clientConfig has auth for them')
    return url
  },
}

/** A JSON object. */
export const jsonObject: ValueType<Readonly<Record<string, unknown>>> = {
  name: 'JSON object',
  parse(value) {
    try {
      const parsed = JSON.parse(value) as unknown
      if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
        return parsed as Readonly<Record<string, unknown>>
    } catch {
      // Said below.
    }
    throw new Expected('a map, in XML written as a JSON object')
  },
}

const DEFAULT_NAMES: Readonly<Record<string, string>> = {
  header: 'Authorization',
  query: 'access_token',
  cookie: 'access_token',
  subprotocol: 'bearer',
  message: 'token',
}

/** Places where a token may be: `header, query:access_token`. */
export const tokenPlaces: ValueType<readonly TokenPlace[]> = {
  name: 'places',
  parse(value) {
    const places = value
      .split(',')
      .map(place => place.trim())
      .filter(place => place !== '')
      .map(placeOf)
    if (places.length === 0) throw new Expected(PLACES)
    return places
  },
}

const PLACES =
  'places out of header, query:NAME, cookie:NAME, subprotocol:NAME and message:KEY, with commas between them'

function placeOf(place: string): TokenPlace {
  const [, at = '', own] = /^(\w+)(?::([\w.$-]+))?$/.exec(place) ?? []
  const name = own ?? DEFAULT_NAMES[at]
  if (name === undefined || !Object.hasOwn(DEFAULT_NAMES, at) || (at === 'header' && own !== undefined))
    throw new Expected(PLACES)
  return { at: at as TokenPlace['at'], name }
}
