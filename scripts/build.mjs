// Compiles src to dist, and lays out in dist/image what the container runs: no TypeScript, no development packages.
// Another folder than dist can be named as the only argument.

import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, extname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const dist = resolve(process.argv[2] ?? join(root, 'dist'))
const image = join(dist, 'image')
/** What the image takes from the checkout as it is. */
const delivered = ['bin', 'config', 'LICENSE', 'README.md']

const missing = delivered.filter(each => !existsSync(join(root, each)))
if (missing.length > 0) end(`${root} lacks ${missing.join(' and ')}`)
if (resolve(root).startsWith(dist))
  end(`${dist} holds the sources, and building empties it; name another folder`)
rmSync(dist, { recursive: true, force: true })
compile()
copyAssets()
layOutImage()
console.log(`built ${dist}`)

function compile() {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const args = [tsc, '-p', 'tsconfig.build.json', '--outDir', dist]
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' })
  if (status !== 0) end('the sources do not compile')
}

/** Pages, stylesheets, schemas: whatever in src is not compiled. */
function copyAssets() {
  cpSync(join(root, 'src'), dist, { recursive: true, filter: source => extname(source) !== '.ts' })
}

function layOutImage() {
  const compiled = readdirSync(dist)
  mkdirSync(image)
  for (const each of compiled) cpSync(join(dist, each), join(image, 'dist', each), { recursive: true })
  for (const each of delivered) cpSync(join(root, each), join(image, each), { recursive: true })
  const manifest = productionManifest()
  writeJson('package.json', manifest)
  writeJson('package-lock.json', productionLock(manifest))
}

/**
 * package.json as `npm ci`, `npm pack` and `myelin version` need it where nothing is developed. The checkout is private,
 * so that nobody publishes sources; what is built may be.
 */
function productionManifest() {
  const { scripts, devDependencies, allowScripts, private: _, ...manifest } = readJson('package.json')
  // There are no sources to import.
  delete manifest.exports['.']['myelin-source']
  return manifest
}

/** package-lock.json without the packages that only development needs. */
function productionLock({ name, version, license, bin, engines, dependencies }) {
  const { packages, ...lock } = readJson('package-lock.json')
  const kept = Object.entries(packages).filter(([path, entry]) => path !== '' && !entry.dev)
  const own = { name, version, license, dependencies, bin, engines }
  return { ...lock, packages: { '': own, ...Object.fromEntries(kept) } }
}

function readJson(file) {
  return JSON.parse(readFileSync(join(root, file), 'utf8'))
}

function writeJson(file, value) {
  writeFileSync(join(image, file), `${JSON.stringify(value, null, 2)}\n`)
}

function end(reason) {
  console.error(`myelin: cannot build: ${reason}`)
  process.exit(1)
}
