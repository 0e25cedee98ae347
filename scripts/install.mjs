// Makes sure that node_modules is there and is what package-lock.json says. Runs before every npm script, so it is
// plain JavaScript that an older Node understands: the Node this project runs on is itself one of the packages.

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The oldest Node that runs TypeScript as it is. */
const oldestMajor = 24
/** How often whoever installs shows that it is alive, and how often whoever waits looks. */
const beatMs = 500
/** A lock whose owner has been silent for this long is left over from a process that was killed. */
const staleMs = 15_000
/** The longest time to wait for somebody else's installation. */
const patienceMs = 600_000

/**
 * Installs the dependencies of the checkout at `root` when they are missing or differ from package-lock.json.
 * Started several times at once, one installs and the others wait for it.
 *
 * @param {string} root
 * @returns {Promise<void>} rejects with the reason when the packages cannot be installed
 */
export async function install(root) {
  if (isInstalled(root)) return
  const unlock = await lock(root)
  try {
    if (isInstalled(root)) return
    console.error('myelin: installing the dependencies named in package-lock.json')
    await succeed(npm(root, ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']))
    if (lacksNode(root)) await succeed(npm(root, ['rebuild', 'node', '--ignore-scripts=false']))
    if (lacksNode(root)) {
      throw new Error(`npm did not install ${projectNode(root)}; put Node.js ${oldestMajor} or newer on PATH`)
    }
    writeFileSync(stampFile(root), lockDigest(root))
  } finally {
    unlock()
  }
}

/** The Node that the project brings along. @param {string} root */
function projectNode(root) {
  return join(root, 'node_modules', 'node', 'bin', 'node')
}

/** Whether the running Node is too old and a newer one has not been installed. @param {string} root */
function lacksNode(root) {
  return Number.parseInt(process.versions.node, 10) < oldestMajor && !existsSync(projectNode(root))
}

/** @param {string} root */
function stampFile(root) {
  return join(root, 'node_modules', '.myelin-lock')
}

/** @param {string} root */
function lockDigest(root) {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
}

/** @param {string} root */
function isInstalled(root) {
  if (lacksNode(root)) return false
  const digest = lockDigest(root)
  if (read(stampFile(root)) === digest) return true
  if (!isWhatNpmInstalled(root)) return false
  writeFileSync(stampFile(root), digest)
  return true
}

/**
 * Whether npm itself has already put every locked package in place, as after `npm install` by hand. Packages for
 * other platforms are locked too but never installed.
 *
 * @param {string} root
 */
function isWhatNpmInstalled(root) {
  const installed = packages(join(root, 'node_modules', '.package-lock.json'))
  if (!installed) return false
  const locked = packages(join(root, 'package-lock.json')) ?? {}
  const isInPlace = ([path, entry]) =>
    path === '' ||
    (installed[path] === undefined
      ? entry.optional === true
      : installed[path].version === entry.version && installed[path].integrity === entry.integrity)
  return Object.entries(locked).every(isInPlace) && Object.keys(installed).every(path => path in locked)
}

/** @param {string} file */
function packages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages
  } catch {
    return undefined
  }
}

/** @param {string} file */
function read(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** Waits for a run of npm, and shows what it said when it fails. @param {ReturnType<typeof npm>} run */
async function succeed(run) {
  const { command, code, signal, output } = await run
  if (code === 0) return
  console.error(output.trimEnd())
  throw new Error(`'${command}' ended with ${signal ?? `code ${code}`}; its messages are above`)
}

/** Runs npm on the Node of the machine, since the Node in node_modules is about to be replaced. */
function npm(root, args) {
  const own = join(root, 'node_modules')
  const path = (process.env.PATH ?? '').split(delimiter).filter(folder => !resolve(folder).startsWith(own))
  const env = { ...process.env, PATH: path.join(delimiter) }
  const stdio = ['ignore', 'pipe', 'pipe']
  return new Promise((done, fail) => {
    const child = spawn('npm', args, { cwd: root, env, stdio, shell: process.platform === 'win32' })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', text => {
        output += text
      })
    }
    child.on('error', error => {
      fail(new Error(`npm cannot be started: ${error.message}; install npm and put it on PATH`))
    })
    child.on('close', (code, signal) => done({ command: `npm ${args[0]}`, code, signal, output }))
  })
}

/** Takes the lock directory, waiting while another process has it. The result gives it back. */
async function lock(root) {
  const folder = join(root, '.cache', 'install.lock')
  const deadline = Date.now() + patienceMs
  mkdirSync(dirname(folder), { recursive: true })
  while (!tryLock(folder)) {
    if (Date.now() > deadline)
      throw new Error(`another installation holds ${folder}; remove that folder if none runs`)
    await new Promise(done => setTimeout(done, beatMs))
  }
  const beat = setInterval(() => touch(folder), beatMs)
  return () => {
    clearInterval(beat)
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @param {string} folder */
function tryLock(folder) {
  try {
    mkdirSync(folder)
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    discardWhenStale(folder)
    return false
  }
}

/** Renaming is atomic: of several that find the lock stale, one moves it away. @param {string} folder */
function discardWhenStale(folder) {
  try {
    if (Date.now() - statSync(folder).mtimeMs < staleMs) return
    const aside = `${folder}.${process.pid}`
    renameSync(folder, aside)
    rmSync(aside, { recursive: true, force: true })
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
}

/** @param {string} folder */
function touch(folder) {
  const now = new Date()
  try {
    utimesSync(folder, now, now)
  } catch {
    // Somebody removed the lock by hand; the installation goes on.
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  install(dirname(dirname(fileURLToPath(import.meta.url)))).catch(error => {
    console.error(`myelin: ${error.message}`)
    process.exitCode = 1
  })
}
