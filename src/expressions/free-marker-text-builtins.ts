import { parseJson } from '../message/codecs/json.ts'
import { type BuiltIn, onText, onTexts } from './free-marker-builtin.ts'
import { FreeMarkerError } from './free-marker-text.ts'
import { toNumber, toText } from './free-marker-values.ts'

const escaped = (entities: Readonly<Record<string, string>>): BuiltIn => {
  const characters = new RegExp(`[${Object.keys(entities).join('')}]`, 'g')
  return onText(text => text.replace(characters, character => entities[character]!))
}

const XML_ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

const json = (text: string): string => JSON.stringify(text).slice(1, -1).replaceAll('</', '<\\/')

/** The built-ins of texts. */
export const TEXT_BUILT_INS: Readonly<Record<string, BuiltIn>> = {
  upper_case: onText(value => value.toUpperCase()),
  lower_case: onText(value => value.toLowerCase()),
  trim: onText(value => value.trim()),
  cap_first: onText(value => value.replace(/\S/, first => first.toUpperCase())),
  uncap_first: onText(value => value.replace(/\S/, first => first.toLowerCase())),
  capitalize: onText(value =>
    value.replace(/\S+/g, word => word[0]!.toUpperCase() + word.slice(1).toLowerCase()),
  ),
  length: onText(value => value.length),
  html: escaped({ ...XML_ENTITIES, "'": '&#39;' }),
  xhtml: escaped({ ...XML_ENTITIES, "'": '&#39;' }),
  xml: escaped({ ...XML_ENTITIES, "'": '&apos;' }),
  json_string: onText(json),
  js_string: onText(value => json(value).replaceAll("'", "\\'")),
  j_string: onText(json),
  url: onText(value => encodeURIComponent(value)),
  contains: onTexts(1, 1, (value, [part]) => value.includes(part!)),
  starts_with: onTexts(1, 1, (value, [part]) => value.startsWith(part!)),
  ends_with: onTexts(1, 1, (value, [part]) => value.endsWith(part!)),
  ensure_starts_with: onTexts(1, 1, (value, [part]) => (value.startsWith(part!) ? value : part! + value)),
  ensure_ends_with: onTexts(1, 1, (value, [part]) => (value.endsWith(part!) ? value : value + part!)),
  remove_beginning: onTexts(1, 1, (value, [part]) =>
    value.startsWith(part!) ? value.slice(part!.length) : value,
  ),
  remove_ending: onTexts(1, 1, (value, [part]) =>
    part !== '' && value.endsWith(part!) ? value.slice(0, -part!.length) : value,
  ),
  keep_before: onTexts(1, 1, (value, [part]) =>
    value.includes(part!) ? value.slice(0, value.indexOf(part!)) : value,
  ),
  keep_after: onTexts(1, 1, (value, [part]) =>
    value.includes(part!) ? value.slice(value.indexOf(part!) + part!.length) : '',
  ),
  replace: onTexts(2, 3, (value, [from, to, flags = '']) => {
    if (flags.includes('r')) return value.replace(regex(from!, flags, !flags.includes('f')), to!)
    if (flags.includes('f')) return value.replace(from!, () => to!)
    return value.replaceAll(from!, () => to!)
  }),
  split: onTexts(1, 2, (value, [at, flags = '']) =>
    value.split(flags.includes('r') ? regex(at!, flags, false) : at!),
  ),
  matches: onTexts(1, 2, (value, [pattern, flags = '']) =>
    regex(`^(?:${pattern})$`, flags, false).test(value),
  ),
  number: onText(value => {
    const number = Number(value.trim())
    if (value.trim() === '' || Number.isNaN(number)) throw new FreeMarkerError(`"${value}" is no number`)
    return number
  }),
  boolean: onText(value => {
    if (value === 'true' || value === 'false') return value === 'true'
    throw new FreeMarkerError(`"${value}" is neither true nor false`)
  }),
  eval_json: onText(parseJson),
  word_list: onText(value => value.trim().split(/\s+/)),
  index_of: indexOf((value, part, from) => value.indexOf(part, from)),
  last_index_of: indexOf((value, part, from) => value.lastIndexOf(part, from ?? Infinity)),
  substring: {
    arity: [1, 2],
    apply(value, args) {
      const whole = toText(value)
      const [from, to] = [toNumber(args.at(0)), args.length > 1 ? toNumber(args.at(1)) : whole.length]
      if (from < 0 || to > whole.length || from > to)
        throw new FreeMarkerError(
          `?substring(${from}, ${to}) is outside of a text of ${whole.length} characters`,
        )
      return whole.slice(from, to)
    },
  },
  left_pad: pad((whole, width, filler) => whole.padStart(width, filler)),
  right_pad: pad((whole, width, filler) => whole.padEnd(width, filler)),
}

function regex(pattern: string, flags: string, isGlobal: boolean): RegExp {
  const kept = ['i', 'm', 's'].filter(flag => flags.includes(flag)).join('')
  try {
    return new RegExp(pattern, isGlobal ? `${kept}g` : kept)
  } catch (error) {
    throw new FreeMarkerError((error as Error).message)
  }
}

function indexOf(find: (value: string, part: string, from: number | undefined) => number): BuiltIn {
  return {
    arity: [1, 2],
    apply: (value, args) =>
      find(toText(value), toText(args.at(0)), args.length > 1 ? toNumber(args.at(1)) : undefined),
  }
}

function pad(fill: (whole: string, width: number, filler: string) => string): BuiltIn {
  return {
    arity: [1, 2],
    apply: (value, args) =>
      fill(toText(value), toNumber(args.at(0)), args.length > 1 ? toText(args.at(1)) : ' '),
  }
}
