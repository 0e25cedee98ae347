import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, normalize, sep } from 'node:path'
import type { Suite } from './suite.ts'
import type { RegistryResource } from './suite-reader.ts'

/** Which part of the registry a path is in, by how it begins. */
const PARTS: readonly (readonly [beginning: RegExp, folder: string])[] = [
  [/^(?:\/?_system\/config|conf:)\/*/, 'config'],
  [/^(?:\/?_system\/local|local:)\/*/, 'local'],
  [/^(?:\/?_system\/governance|gov:)?\/*/, 'governance'],
]

/**
 * The registry resources and connectors of a suite as files, which is what a gateway reads. Going out of scope removes
 * them; resources are read when they are needed, so not before the last case.
 */
export class ResourceFolder implements Disposable {
  /** The folder; undefined where a suite brings nothing along. */
  readonly path: string | undefined

  constructor({ registry, connectors }: Pick<Suite, 'registry' | 'connectors'>) {
    if (registry.length === 0 && connectors.length === 0) return
    this.path = mkdtempSync(join(tmpdir(), 'myelin-test-'))
    for (const resource of registry) writeResource(join(this.path, 'registry'), resource)
    for (const connector of connectors) copyFileSync(connector, join(this.path, basename(connector)))
  }

  [Symbol.dispose](): void {
    if (this.path !== undefined) rmSync(this.path, { recursive: true, force: true })
  }
}

function writeResource(registry: string, { path, content, mediaType }: RegistryResource): void {
  const [beginning, part] = PARTS.find(([each]) => each.test(path))!
  const inner = normalize(path.replace(beginning, ''))
  if (inner.startsWith(`..${sep}`)) throw new Error(`registry path ${path} leads out of the registry`)
  const file = join(registry, part, inner)
  mkdirSync(join(dirname(file), '.metadata'), { recursive: true })
  writeFileSync(file, content)
  if (mediaType !== '')
    writeFileSync(join(dirname(file), '.metadata', `${basename(file)}.meta`), `mediaType=${mediaType}\n`)
}
