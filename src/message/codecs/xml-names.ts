// Namespaces in XML 1.0, NCName: what a name may begin with, and what may follow.
const FIRST =
  'A-Z_a-z\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u02ff\\u0370-\\u037d\\u037f-\\u1fff\\u200c\\u200d\\u2070-\\u218f\\u2c00-\\u2fef\\u3001-\\ud7ff\\uf900-\\ufdcf\\ufdf0-\\ufffd\\u{10000}-\\u{effff}'
const REST = `${FIRST}.\\-0-9\\u00b7\\u0300-\\u036f\\u203f\\u2040`
const NCNAME = new RegExp(`^[${FIRST}][${REST}]*$`, 'u')
const ILLEGAL = new RegExp(`^[^${FIRST}]|[^${REST}]`, 'gu')

const ESCAPE = '_JsonReader_'
const DIGIT = '_JsonReader_PD_'
const DOLLAR = '_JsonReader_PS_'
const CODE = /_JsonReader_(\d{1,7})_/g

/** Whether a text can be the name of an element or attribute, without a prefix. */
export function isNcName(text: string): boolean {
  return NCNAME.test(text)
}

/**
 * Gives the element name that stands for a key, if only a digit or `$` in front is in the way: these get a prefix.
 * What comes out may still be no name.
 */
export function nameOfKey(key: string): string {
  if (/^\d/.test(key)) return DIGIT + key
  return key.startsWith('$') ? DOLLAR + key.slice(1) : key
}

/** Gives an element name for any key: characters a name cannot have become `_JsonReader_<code>_`. */
export function escapedNameOfKey(key: string): string {
  const name = nameOfKey(key)
  if (isNcName(name)) return name
  return name === '' ? '_' : name.replace(ILLEGAL, escapeCharacter)
}

/** Gives the key an element name stands for: takes off what the two above have put in. */
export function keyOfName(name: string): string {
  if (!name.includes(ESCAPE)) return name
  const rest = name.startsWith(DIGIT)
    ? name.slice(DIGIT.length)
    : name.startsWith(DOLLAR)
      ? `$${name.slice(DOLLAR.length)}`
      : name
  return rest.replace(CODE, (whole, digits: string) => {
    const code = Number(digits)
    return code <= 0x10_ffff ? String.fromCodePoint(code) : whole
  })
}

function escapeCharacter(character: string): string {
  return `${ESCAPE}${character.codePointAt(0)}_`
}
