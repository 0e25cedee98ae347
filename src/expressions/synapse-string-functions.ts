import { remembered } from './remembered.ts'
import { attempt, intArg, onText, type SynapseFunction, takes, textArg } from './synapse-signature.ts'
import { describe, kindOf, numberText, SynapseError, type SynapseValue } from './synapse-values.ts'

/** `length`, `toUpper` and the other functions on text. */
export const stringFunctions: Readonly<Record<string, SynapseFunction>> = {
  length: takes(1, 1, value => (Array.isArray(value) ? value.length : textArg(value).length)),
  toUpper: takes(1, 1, value => scalar(value).toUpperCase()),
  toLower: takes(1, 1, value => scalar(value).toLowerCase()),
  trim: onText(1, text => text.trim()),
  subString: takes(2, 3, (value, from, to) => {
    const text = textArg(value)
    const start = intArg(from)
    const end = to === undefined ? text.length : intArg(to)
    if (start < 0 || end > text.length || start > end) {
      throw new SynapseError(`there is no part from ${start} to ${end} of ${describe(text)}`)
    }
    return text.slice(start, end)
  }),
  startsWith: onText(2, (text, start) => text.startsWith(start)),
  endsWith: onText(2, (text, end) => text.endsWith(end)),
  contains: onText(2, (text, part) => text.includes(part)),
  indexOf: takes(2, 3, (text, part, from = 0) => textArg(text).indexOf(textArg(part), intArg(from))),
  charAt: takes(2, 2, (value, at) => {
    const text = textArg(value)
    const index = intArg(at)
    const character = text[index]
    if (character === undefined) throw new SynapseError(`${describe(text)} has no character ${index}`)
    return character
  }),
  replace: onText(3, (text, part, by) => text.replaceAll(part, () => by)),
  split: onText(2, split),
}

function scalar(value: SynapseValue): string {
  if (typeof value === 'boolean' || kindOf(value) !== undefined) return numberText(value)
  return textArg(value)
}

const separatorOf = remembered(text => attempt(() => new RegExp(text, 'g')))

/** As Java splits: empty texts at the end are left out, and so is one before a match of nothing at the start. */
function split(text: string, separator: string): string[] {
  const parts: string[] = []
  let from = 0
  for (const { 0: match, index } of text.matchAll(separatorOf(separator))) {
    if (match === '' && (index === 0 || index === text.length)) continue
    parts.push(text.slice(from, index))
    from = index + match.length
  }
  parts.push(text.slice(from))
  while (parts.length > 1 && parts.at(-1) === '') parts.pop()
  return parts
}
