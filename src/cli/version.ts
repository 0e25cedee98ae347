import { readFileSync } from 'node:fs'

const file = new URL('../../package.json', import.meta.url)
const manifest = JSON.parse(readFileSync(file, 'utf8')) as { name: string; version: string }
const { name } = manifest

/** The version of Myelin, as in `0.1.0`. */
export const version: string = manifest.version

/** Gives the line that `myelin version` prints, such as `myelin 0.1.0 (node v24.21.0)`. */
export function versionLine(): string {
  return `${name} ${version} (node ${process.version})`
}
