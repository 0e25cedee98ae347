/**
 * Gives the text of a member of a JSON object, as it was written; of the last one, where several have the name. The
 * text must be that of a valid JSON object that has such a member.
 */
export function memberText(json: string, name: string): string {
  let found = ''
  let at = json.indexOf('{') + 1
  for (;;) {
    at = json.indexOf('"', at)
    if (at < 0) return found
    const keyEnd = endOfString(json, at)
    const key = json.slice(at + 1, keyEnd - 1)
    const start = json.indexOf(':', keyEnd) + 1
    const end = endOfValue(json, start)
    const isWanted = key === name || (key.includes('\\') && JSON.parse(`"${key}"`) === name)
    if (isWanted) found = json.slice(start, end).trim()
    at = end
  }
}

/** Where a string ends that starts with a quote; behind its other quote. */
function endOfString(json: string, start: number): number {
  let end = json.indexOf('"', start + 1)
  while (isEscaped(json, end)) end = json.indexOf('"', end + 1)
  return end + 1
}

function isEscaped(json: string, at: number): boolean {
  let backslashes = 0
  while (json[at - 1 - backslashes] === '\\') backslashes++
  return backslashes % 2 === 1
}

/** Where a value ends: at the comma or bracket behind it. */
function endOfValue(json: string, start: number): number {
  let depth = 0
  let at = start
  while (at < json.length) {
    const character = json[at]
    if (character === '"') {
      at = endOfString(json, at)
      continue
    }
    if (character === '{' || character === '[') depth++
    else if (character === '}' || character === ']') {
      if (depth === 0) return at
      depth--
    } else if (character === ',' && depth === 0) return at
    at++
  }
  return at
}
