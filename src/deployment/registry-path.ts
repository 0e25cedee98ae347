/** Where a key looks: `conf:/…`, `gov:/…`, `local:/…`, `resources:…`, `file:…`. */
export type Space = 'conf' | 'gov' | 'local' | 'resources' | 'file'

/** A key taken apart: a space and a path in it, without a slash in front. */
export interface RegistryPath {
  readonly space: Space
  readonly path: string
}

/** Folders of the whole registry, and the space each is. */
export const SYSTEM: Readonly<Record<string, Space>> = { governance: 'gov', config: 'conf', local: 'local' }

/** Takes a key apart; undefined where it leads out of its space. */
export function parseKey(key: string): RegistryPath | undefined {
  const match = /^(conf|gov|local|resources|file):(.*)$/s.exec(key.trim())
  // Compatibility: a key without a space is one of the governance space.
  const system = /^\/?_system\/(governance|config|local)(\/.*)$/s.exec(key.trim())
  const [space, rest] = match
    ? [match[1] as Space, match[2]!]
    : system
      ? [SYSTEM[system[1]!]!, system[2]!]
      : (['gov', key.trim()] as const)
  if (/^[a-z][a-z0-9+.-]+:/i.test(rest) || rest.includes('\0')) return undefined
  const parts = rest.split(/[/\\]/).filter(part => part !== '' && part !== '.')
  if (parts.length === 0 || parts.includes('..')) return undefined
  const isAbsolute = space === 'file' && /^\/\/?[^/]/.test(rest)
  return { space, path: (isAbsolute ? '/' : '') + parts.join('/') }
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  xml: 'application/xml',
  xsd: 'application/xml',
  xsl: 'application/xml',
  xslt: 'application/xml',
  wsdl: 'application/xml',
  json: 'application/json',
  js: 'application/javascript',
  txt: 'text/plain',
}

/** Guesses the type of a file by its name; '' where it says nothing. */
export function mediaTypeOfFile(path: string): string {
  return MEDIA_TYPES[/\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? ''] ?? ''
}
