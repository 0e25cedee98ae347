import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { placeOf } from '../language/source.ts'
import type { Located } from './access-types.ts'

/** Gives the path of a file that a service names: beside the file of the service first. */
export function fileBeside({ text, span: { source } }: Located): string {
  const beside = resolve(dirname(placeOf({ source, start: 0, end: 1 }).file), text)
  return existsSync(beside) ? beside : resolve(text)
}
