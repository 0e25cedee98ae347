import { readFileSync } from 'node:fs'

const system = new Map<string, string>()

/** Reads a property of the process: one that was set here, else a variable of the environment; '' for none. */
export function systemProperty(name: string): string {
  return system.get(name) ?? process.env[name] ?? ''
}

/** Sets a property of the process, for every message from now on. The environment stays as it is. */
export function setSystemProperty(name: string, value: string): void {
  system.set(name, value)
}

let fromFile: ReadonlyMap<string, string> | undefined

/**
 * Reads a key of the properties file named by the variable `properties.file.path` or `PROPERTIES_FILE_PATH` of the
 * environment; '' for none. The file is read once.
 */
export function fileProperty(name: string): string {
  fromFile ??= load(process.env['properties.file.path'] ?? process.env.PROPERTIES_FILE_PATH)
  return fromFile.get(name) ?? ''
}

function load(path: string | undefined): ReadonlyMap<string, string> {
  if (path === undefined) return new Map()
  try {
    return parseProperties(readFileSync(path, 'utf8'))
  } catch {
    return new Map()
  }
}

/** Reads `key=value` lines as Java does: comments, lines that go on behind a backslash, and escapes. */
export function parseProperties(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (const line of text.replace(/\\\r?\n[ \t]*/g, '').split(/\r?\n/)) {
    const found = /^[ \t\f]*([^#!\s=:](?:[^\s=:\\]|\\.)*)[ \t\f]*[=:]?[ \t\f]*(.*)$/.exec(line)
    if (found) values.set(unescaped(found[1]!), unescaped(found[2]!))
  }
  return values
}

function unescaped(text: string): string {
  const known: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f' }
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/g, (_, hex?: string, one = '') =>
    hex ? String.fromCharCode(Number.parseInt(hex, 16)) : (known[one] ?? one),
  )
}
