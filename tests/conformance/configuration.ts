import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve, sep } from 'node:path'
import type { Case, ConfigEntry } from './case.ts'

/** Port of the gateway's HTTP transport where a case names none. */
export const DEFAULT_HTTP_PORT = 8480

const REGISTRY_ROOTS: Readonly<Record<string, string>> = { conf: 'config', gov: 'governance' }

/**
 * Writes what a case deploys to a new temporary folder, as a user would lay it out: settings, artifacts in the order
 * of the case, and registry resources. The caller removes the folder.
 */
export function writeConfiguration(each: Case, corpus: string | undefined): string {
  const folder = mkdtempSync(join(tmpdir(), 'conformance-'))
  const port = each.gateway?.http ?? DEFAULT_HTTP_PORT
  write(join(folder, 'deployment.toml'), settings(port))
  for (const [index, entry] of (each.config ?? []).entries()) {
    const number = String(index + 1).padStart(2, '0')
    write(join(folder, 'artifacts', `${number}-${fileName(entry)}`), textOf(entry, corpus))
  }
  for (const [path, content] of Object.entries(each.registry ?? {})) {
    write(registryFile(folder, path), content)
  }
  return folder
}

function settings(port: number): string {
  return `[transport.http.listener]
port = ${port}

[management.probe]
enable = false

[myelin.demo_backend]
enable = false
`
}

function fileName({ corpus }: ConfigEntry): string {
  return corpus === undefined ? 'inline.xml' : basename(corpus)
}

function textOf({ corpus: file, inline }: ConfigEntry, corpus: string | undefined): string | Buffer {
  if (inline !== undefined) return inline
  if (file === undefined) throw new Error('a configuration of the case is neither corpus nor inline')
  if (corpus === undefined) throw new Error(`no corpus folder was found for ${file}; name one with --corpus`)
  return readFileSync(join(corpus, file))
}

function registryFile(folder: string, path: string): string {
  const [, root = 'gov', rest = path] = /^(conf|gov):\/*(.*)$/s.exec(path) ?? []
  const top = join(folder, 'registry', REGISTRY_ROOTS[root]!)
  const file = resolve(top, rest)
  if (!file.startsWith(top + sep)) throw new Error(`registry path ${path} leads out of the registry`)
  return file
}

function write(file: string, content: string | Buffer): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
}
