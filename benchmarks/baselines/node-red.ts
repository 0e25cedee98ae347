import { existsSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import type { Files } from '../configuration.ts'
import type { Ports } from '../ports.ts'
import type { Subject } from '../subjects.ts'

// Node-RED with flows that do what our proxy services do. It is no dependency of the project: it is measured where it
// is installed, and its rows are left out elsewhere.

/** Finds its program: by MYELIN_NODE_RED, else where the project would load it from, else on the PATH. */
function program(): string | undefined {
  const named = process.env.MYELIN_NODE_RED
  if (named !== undefined) {
    const file = join(named, 'red.js')
    if (!existsSync(file)) throw new Error(`MYELIN_NODE_RED names ${named}, which has no red.js`)
    return file
  }
  try {
    return createRequire(import.meta.url).resolve('node-red/red.js')
  } catch {
    const paths = (process.env.PATH ?? '').split(delimiter).map(folder => join(folder, 'node-red'))
    const found = paths.find(path => existsSync(path))
    return found && realpathSync(found)
  }
}

type Entry = Readonly<Record<string, unknown>>

/** A place on the canvas is what tells a step of a flow from a shared connection. */
function step(id: string, type: string, to: readonly string[], more: Entry = {}): Entry {
  return { id, type, z: 'tab', x: 0, y: 0, wires: to.map(next => [next]), ...more }
}

function code(id: string, func: string, ...to: readonly string[]): Entry {
  return step(id, 'function', to, { name: id, func, outputs: to.length })
}

/** What both flows have; they say they are ready once the connection to the backend is open. */
function common(backend: number, onMessage: readonly string[]): readonly Entry[] {
  return [
    { id: 'tab', type: 'tab', label: 'bench' },
    { id: 'backend', type: 'websocket-client', path: `ws://127.0.0.1:${backend}/`, wholemsg: 'false' },
    step('messages', 'websocket in', onMessage, { client: 'backend' }),
    step('out', 'websocket out', [], { client: 'backend' }),
    step('opened', 'status', ['tell'], { scope: ['messages'] }),
    code('tell', "if (msg.status.event === 'connect') node.warn('ready')"),
    step('answer', 'http response', []),
  ]
}

function acceptFlow(backend: number): readonly Entry[] {
  return [
    ...common(backend, []),
    step('post', 'http in', [], { url: '/', method: 'post', wires: [['out', 'accept']] }),
    code('accept', "return { res: msg.res, statusCode: 202, payload: '' }", 'answer'),
  ]
}

const ASK = `const pending = flow.get('pending') || new Map()
flow.set('pending', pending)
const own = (flow.get('last') || 0) + 1
flow.set('last', own)
const timer = setTimeout(() => {
  pending.delete(own)
  node.send([null, { res: msg.res, statusCode: 504, payload: '' }])
}, 10000)
pending.set(own, { res: msg.res, id: msg.payload.id, timer })
msg.payload.id = own
return [{ payload: JSON.stringify(msg.payload) }, null]`

const REPLY = `const payload = JSON.parse(msg.payload)
const pending = flow.get('pending')
const asked = pending && pending.get(payload.id)
if (!asked) return
pending.delete(payload.id)
clearTimeout(asked.timer)
payload.id = asked.id
return { res: asked.res, statusCode: 200, payload }`

function askFlow(backend: number): readonly Entry[] {
  return [
    ...common(backend, ['reply']),
    step('post', 'http in', ['ask'], { url: '/', method: 'post' }),
    code('ask', ASK, 'out', 'answer'),
    code('reply', REPLY, 'answer'),
  ]
}

function files({ http, backend }: Ports, flow: (backend: number) => readonly Entry[]): Files {
  const settings = {
    flowFile: 'flows.json',
    uiHost: '127.0.0.1',
    uiPort: http,
    httpAdminRoot: false,
    disableEditor: true,
    credentialSecret: false,
    diagnostics: { enabled: false },
    telemetry: { enabled: false },
    runtimeState: { enabled: false },
    logging: { console: { level: 'warn' } },
  }
  return {
    'settings.js': `module.exports = ${JSON.stringify(settings)}\n`,
    'flows.json': JSON.stringify(flow(backend)),
  }
}

function nodeRed(flow: (backend: number) => readonly Entry[]): Subject | undefined {
  const file = program()
  if (file === undefined) return undefined
  return {
    name: 'Node-RED',
    command: ['node', file, '--userDir', '{dir}', '--settings', '{dir}/settings.js'],
    servicePath: '/',
    configuration: ports => files(ports, flow),
  }
}

/** Gives Node-RED that answers a POST with 202 and sends the body on as a message; undefined if it is not installed. */
export function nodeRedAccept(): Subject | undefined {
  return nodeRed(acceptFlow)
}

/** Gives Node-RED that answers a POST with what the backend answers, found by id; undefined if it is not installed. */
export function nodeRedAsk(): Subject | undefined {
  return nodeRed(askFlow)
}
