import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'

// Imports flow one way: a folder may import from the layers before its own, and from itself. Folders of one layer
// never import each other. Files directly in src have a place of their own.
const LAYERS = [
  ['message'],
  ['core'],
  ['websocket'],
  ['language'],
  ['asyncapi'],
  ['expressions'],
  ['sequences'],
  ['cluster'],
  ['mediators', 'endpoints', 'inbound', 'proxy', 'stores', 'services', 'collections', 'mocks'],
  ['deployment'],
  ['settings'],
  ['settings.ts', 'log.ts'],
  ['drain.ts'],
  ['gateway.ts'],
  ['management', 'unittest', 'sdk'],
  ['cli'],
]

// A library appears in as few files as possible: who may import which.
const LIBRARIES: Readonly<Record<string, RegExp>> = {
  fastify: /^(inbound|management)\//,
  '@fastify/websocket': /^inbound\//,
  ws: /^websocket\//,
  undici: /^endpoints\/http-client\.ts$/,
  saxes: /^message\/xml\/parse\.ts$/,
  xpath: /^expressions\/xpath/,
  'fast-xml-parser': /^language\/xml\.ts$/,
  'smol-toml': /^settings\/toml\.ts$/,
  pino: /^(log|cli\/validate)\.ts$/,
  commander: /^cli\//,
  croner: /^language\/cron\.ts$/,
  yaml: /^language\/yaml(?:-text)?\.ts$/,
  yauzl: /^deployment\/archive\.ts$/,
  bullmq: /^(cluster|stores)\/redis-/,
  ioredis: /^cluster\/redis-connection\.ts$/,
  ajv: /^expressions\/ajv\.ts$/,
  'ajv-draft-04': /^expressions\/ajv\.ts$/,
  'ajv-formats': /^expressions\/ajv\.ts$/,
  fontoxpath: /^expressions\/fontoxpath\.ts$/,
  'isolated-vm': /^mediators\/script-sandbox\.ts$/,
  'jks-js': /^inbound\/keystore\.ts$/,
  'libxml2-wasm': /^mediators\/xml-schema\.ts$/,
  'libxslt-wasm': /^mediators\/xslt-worker\.ts$/,
  'pino-pretty': /^log\.ts$/,
}

const src = resolve(import.meta.dirname, '../src')
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'))
const importLine =
  /^(?:import|export)\s(type\s)?[^;']*?from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)|\b(?:require|createRequire\(import\.meta\.url\))\('([^']+)'\)/gm

function importsOf(file: string): { target: string; isType: boolean }[] {
  const text = readFileSync(join(src, file), 'utf8')
  return [...text.matchAll(importLine)].map(([, type, ...targets]) => ({
    target: targets.find(target => target !== undefined)!,
    isType: type !== undefined,
  }))
}

/** The package of a path inside one. */
function libraryOf(target: string): string {
  const [first = '', second = ''] = target.split('/')
  return first.startsWith('@') ? `${first}/${second}` : first
}

function toLocal(file: string, target: string): string {
  return relative(src, resolve(src, dirname(file), target))
}

function layerOf(file: string): number {
  return LAYERS.findIndex(layer => layer.includes(file.split('/')[0]!))
}

test('every file has a place in the layers', () => {
  expect(files.filter(file => layerOf(file) < 0)).toEqual([])
})

test('imports flow one way, and folders of one layer do not know each other', () => {
  const broken = files.flatMap(file =>
    importsOf(file)
      .filter(({ target }) => target.startsWith('.'))
      .map(({ target }) => toLocal(file, target))
      .filter(target => target.endsWith('.ts'))
      .filter(target => {
        const [from, to] = [layerOf(file), layerOf(target)]
        return to > from || (to === from && file.split('/')[0] !== target.split('/')[0])
      })
      .map(target => `${file} imports ${target}`),
  )
  expect(broken).toEqual([])
})

test('libraries are imported where they belong', () => {
  const broken = files.flatMap(file =>
    importsOf(file)
      .map(({ target }) => libraryOf(target))
      .filter(library => Object.hasOwn(LIBRARIES, library) && !LIBRARIES[library]!.test(file))
      .map(library => `${file} imports ${library}`),
  )
  expect(broken).toEqual([])
})

test('every library is named here', () => {
  const { dependencies } = JSON.parse(readFileSync(resolve(src, '../package.json'), 'utf8')) as {
    dependencies: Readonly<Record<string, string>>
  }
  expect(Object.keys(LIBRARIES).sort()).toEqual(Object.keys(dependencies).sort())
})

test('no file imports itself through others', () => {
  const graph = new Map(
    files.map(file => [
      file,
      importsOf(file)
        .filter(({ target, isType }) => target.startsWith('.') && !isType)
        .map(({ target }) => toLocal(file, target)),
    ]),
  )
  const done = new Set<string>()
  const visit = (file: string, trail: readonly string[]): string[] => {
    if (trail.includes(file)) return [[...trail.slice(trail.indexOf(file)), file].join(' -> ')]
    if (done.has(file)) return []
    const cycles = (graph.get(file) ?? []).flatMap(next => visit(next, [...trail, file]))
    done.add(file)
    return cycles
  }
  expect(files.flatMap(file => visit(file, []))).toEqual([])
})
