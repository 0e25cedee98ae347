import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parse } from 'yaml'

/** What a body must be like. All matchers given must hold; `matchers` in body.ts lists them. */
export type BodyMatcher = Readonly<Record<string, unknown>>

/** A header value by name: equal, or contained where it starts with `~`. */
export type HeaderMatcher = Readonly<Record<string, string>>

/** A configuration file to deploy: of a corpus, or written out. */
export interface ConfigEntry {
  readonly corpus?: string
  readonly inline?: string
}

/** How a route of an HTTP backend answers. */
export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly delay_ms?: number
  readonly echo?: boolean
}

/** A route of an HTTP backend. */
export interface RouteSpec {
  readonly method: string
  readonly path: string
  readonly respond?: Answer
  readonly respond_sequence?: readonly Answer[]
}

/** A server the gateway talks to. */
export interface BackendSpec {
  readonly name: string
  readonly port: number
  readonly kind: string
  readonly routes?: readonly RouteSpec[]
  readonly vary?: boolean
  readonly pad?: number
  readonly mode?: string
  readonly prefix?: string
  readonly protocols?: readonly string[]
}

/** One thing to do or to see; its keys say which. */
export type StepSpec = Readonly<Record<string, unknown>>

/** One scenario: what is deployed, who else is there, what happens. */
export interface Case {
  readonly id: string
  readonly title?: string
  readonly area: string
  readonly confidence: string
  readonly gateway?: { readonly http?: number }
  readonly config?: readonly ConfigEntry[]
  readonly registry?: Readonly<Record<string, string>>
  readonly backends?: readonly BackendSpec[]
  readonly steps?: readonly StepSpec[]
}

/** Reads the cases of a YAML file, of a folder of them, or of the folder `cases` in a folder. */
export function readCases(path: string): Case[] {
  if (!existsSync(path)) throw new Error(`${path}: there is no such file or folder`)
  const seen = new Map<string, string>()
  const found: Case[] = []
  for (const file of caseFiles(path)) {
    for (const each of casesOf(file)) {
      const other = seen.get(each.id)
      if (other !== undefined) throw new Error(`${file}: case ${each.id} is in ${other} already`)
      seen.set(each.id, file)
      found.push(each)
    }
  }
  return found
}

function caseFiles(path: string): string[] {
  if (statSync(path).isFile()) return [path]
  const inner = join(path, 'cases')
  const folder = existsSync(inner) ? inner : path
  const files = readdirSync(folder).filter(name => /\.ya?ml$/.test(name))
  return files.sort().map(name => join(folder, name))
}

function casesOf(file: string): Case[] {
  const content = parse(readFileSync(file, 'utf8'), { version: '1.2', schema: 'core' }) as unknown
  const cases = (content as { cases?: unknown } | null)?.cases
  if (!Array.isArray(cases)) throw new Error(`${file}: expected a list named cases at the top`)
  return cases.map((each: Case, index) => {
    if (typeof each?.id !== 'string') throw new Error(`${file}: case ${index + 1} has no id`)
    return { ...each, area: each.area ?? 'none', confidence: each.confidence ?? 'medium' }
  })
}

/** Finds the folder named `corpus` beside the cases, or beside a folder above them, three levels up at most. */
export function findCorpus(path: string): string | undefined {
  let folder = resolve(path)
  for (let level = 0; level < 4; level++) {
    const candidate = join(folder, 'corpus')
    if (existsSync(candidate)) return candidate
    folder = dirname(folder)
  }
  return undefined
}
