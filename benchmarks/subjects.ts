import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { here } from './program.ts'

/** The addresses of one measurement. All are on 127.0.0.1. */
export interface Ports {
  /** Where a subject takes WebSocket sessions to relay. */
  readonly relay: number
  /** Where a subject takes HTTP requests. */
  readonly http: number
  readonly probe: number
  /** Where the backend listens. */
  readonly backend: number
}

/** A program to measure. Its command holds {dir}, {relay}, {http} and {backend} for what is known only later. */
export interface Subject {
  readonly name: string
  readonly command: readonly string[]
  /** Path of the service that turns a POST into a message. */
  readonly servicePath: string
}

/** Gives the gateway, or what a user named in its place. */
export function gateway(command?: readonly string[]): Subject {
  return {
    name: 'myelin',
    command: command ?? ['node', here('../bin/myelin'), 'run', '{dir}'],
    servicePath: '/services/bench',
  }
}

/** The relay with nothing but the `ws` library. */
export const barePipe: Subject = {
  name: 'bare ws',
  command: ['node', here('bare-pipe.ts'), '--port', '{relay}', '--backend', '{backend}'],
  servicePath: '/',
}

/** HTTP to WebSocket with nothing but node:http and the `ws` library. */
export const bareHttpToWebSocket: Subject = {
  name: 'bare http + ws',
  command: ['node', here('bare-http-ws.ts'), '--port', '{http}', '--backend', '{backend}'],
  servicePath: '/',
}

/** Fills what is known now into a subject's command. */
export function commandOf(subject: Subject, dir: string, ports: Ports): readonly string[] {
  const values: Readonly<Record<string, string | number>> = { dir, ...ports }
  return subject.command.map(word =>
    word.replace(/\{(\w+)\}/g, (all, name: string) => String(values[name] ?? all)),
  )
}

const XMLNS = 'xmlns="http://ws.apache.org/ns/synapse"'

/** The configuration the gateway is measured with, by path: a WebSocket relay, and a proxy service that sends on. */
function configuration({ relay, http, probe, backend }: Ports): Readonly<Record<string, string>> {
  const send = `<send><endpoint><address uri="ws://127.0.0.1:${backend}/"/></endpoint></send>`
  return {
    'deployment.toml': `[transport.http]\nlistener.port = ${http}\n\n[management]\nprobe.port = ${probe}\n`,
    'inbound-endpoints/relay.xml': `<inboundEndpoint ${XMLNS} name="relay" protocol="ws" sequence="relayIn" onError="fault" suspend="false">
  <parameters>
    <parameter name="inbound.ws.port">${relay}</parameter>
    <parameter name="ws.outflow.dispatch.sequence">relayOut</parameter>
    <parameter name="ws.client.side.broadcast.level">0</parameter>
  </parameters>
</inboundEndpoint>
`,
    'sequences/relayIn.xml': `<sequence ${XMLNS} name="relayIn">
  <property name="OUT_ONLY" value="true"/>
  ${send}
</sequence>
`,
    'sequences/relayOut.xml': `<sequence ${XMLNS} name="relayOut">
  <respond/>
</sequence>
`,
    'proxy-services/bench.xml': `<proxy ${XMLNS} name="bench" transports="http" startOnLoad="true">
  <target>
    <inSequence>
      <property name="OUT_ONLY" value="true"/>
      <property name="FORCE_SC_ACCEPTED" scope="axis2" value="true"/>
      ${send}
    </inSequence>
  </target>
</proxy>
`,
  }
}

/** Writes the gateway's configuration into an empty folder. */
export async function writeConfiguration(dir: string, ports: Ports): Promise<void> {
  for (const [path, text] of Object.entries(configuration(ports))) {
    const file = join(dir, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
  }
}

/** Finds four ports nobody listens on, below the range from which outgoing connections get theirs. */
export async function freePorts(): Promise<Ports> {
  const found = new Set<number>()
  while (found.size < 4) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    if (await isFree(port)) found.add(port)
  }
  const [relay = 0, http = 0, probe = 0, backend = 0] = found
  return { relay, http, probe, backend }
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
