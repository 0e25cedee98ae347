import { resolve } from 'node:path'
import { Expected, type ValueType } from '../language/types.ts'

/** A folder or a file of this machine, or what scheme an address has that leads elsewhere. */
export type FileLocation = LocalPlace | { readonly scheme: string }

/** A path of this machine. */
export interface LocalPlace {
  /** Absolute, without a slash at its end. */
  readonly path: string
  /** Whether the folders below belong to it: `/*` stood at the end. */
  readonly isDeep: boolean
}

/** `file:///in`, `/in`, `file:///in/*`. Addresses of other schemes are read, so that they can be named. */
export const fileLocation: ValueType<FileLocation> = {
  name: 'file: address or path',
  parse(value) {
    const address = value.trim().replace(/^vfs:/i, '')
    // A drive of Windows is no scheme.
    const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(address)?.[1]?.toLowerCase()
    if (scheme !== undefined && scheme !== 'file') return { scheme }
    const path = scheme === undefined ? address : pathOf(address.slice('file:'.length))
    if (path.replace(/[/*]/g, '') === '') throw new Expected('a folder such as file:///var/in')
    const isDeep = /[/\\]\*$/.test(path)
    return { path: resolve(isDeep ? path.slice(0, -2) : path), isDeep }
  },
}

/** Configurations write two, three or four slashes; what follows a question mark is for other schemes. */
function pathOf(rest: string): string {
  const path = `/${rest.replace(/^\/+/, '').replace(/\?.*$/s, '')}`
  const decoded = decode(path)
  return /^\/[a-z]:/i.test(decoded) ? decoded.slice(1) : decoded
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** Tells an address of this machine from others. */
export function isLocal(location: FileLocation): location is LocalPlace {
  return 'path' in location
}
