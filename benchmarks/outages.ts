import { readFileSync } from 'node:fs'
import type { RunOptions } from './claim.ts'
import { type Configuration, sequence, settings } from './configuration.ts'
import { here, Program } from './program.ts'
import { gateway, type Subject } from './subjects.ts'

const XMLNS = 'xmlns="http://ws.apache.org/ns/synapse"'

/** A WebSocket relay whose backend may die: `survival` are the elements of its address. */
export function relayThatSurvives(survival: string): Configuration {
  return ports => ({
    ...settings(ports),
    'inbound-endpoints/relay.xml': `<inboundEndpoint ${XMLNS} name="relay" protocol="ws" sequence="relayIn" onError="silent">
  <parameters>
    <parameter name="inbound.ws.port">${ports.relay}</parameter>
    <parameter name="ws.outflow.dispatch.sequence">relayOut</parameter>
    <parameter name="ws.outflow.dispatch.fault.sequence">silent</parameter>
  </parameters>
</inboundEndpoint>
`,
    ...sequence(
      'relayIn',
      `  <send><endpoint><address uri="ws://127.0.0.1:${ports.backend}/" xmlns:m="urn:myelin">${survival}</address></endpoint></send>`,
    ),
    ...sequence('relayOut', '  <respond/>'),
    ...sequence('silent', '  <drop/>'),
  })
}

/** The gateway with such a relay, telling the delay of its event loop when asked; not so what a user names. */
export function watchedGateway({ subjectCommand }: RunOptions, configuration: Configuration): Subject {
  const watch = here('load/loop-delay.ts')
  const own = ['node', '--import', watch, here('../bin/myelin'), 'run', '{dir}']
  return gateway(subjectCommand ?? own, configuration)
}

/** Starts a backend that records what it gets. */
export async function startRecording(port: number, file: string): Promise<Program> {
  const words = ['node', here('backends/recording.ts'), '--port', `${port}`, '--file', file]
  const program = new Program(words, { core: 1 })
  await program.line(/^ready$/, 20_000)
  return program
}

/** What backends have written: messages in order, and when they got connections. */
export interface Record {
  readonly messages: readonly {
    readonly connection: string
    readonly client: number
    readonly number: number
  }[]
  readonly connectedAt: readonly number[]
  /** When the backend was too busy to look. */
  readonly busy: readonly (readonly [from: number, to: number])[]
  readonly upgrades: number
}

/** Reads it. */
export function readRecord(file: string): Record {
  const messages: Record['messages'][number][] = []
  const connectedAt: number[] = []
  const busy: [number, number][] = []
  let upgrades = 0
  for (const line of readFileSync(file, 'latin1').split('\n')) {
    const [kind, first = '', client, number] = line.split(' ')
    if (kind === 'c') connectedAt.push(Number(first))
    else if (kind === 'b') busy.push([Number(first), Number(client)])
    else if (kind === 'u') upgrades++
    else if (kind === 'm')
      messages.push({ connection: first, client: Number(client), number: Number(number) })
  }
  return { messages, connectedAt, busy, upgrades }
}

/** What a gateway has logged of lost links, summed up. */
export class OutageLog {
  lost = 0
  takenOver = 0
  unproved = 0
  possibleDuplicates = 0
  queued = 0
  slowestMs = 0
  loop: { readonly p99: number; readonly max: number } | undefined

  /** Takes a line of its standard output. */
  readonly read = (line: string): void => {
    if (line.startsWith('LOOP ')) this.loop = JSON.parse(line.slice(5))
    else if (line.includes('the client is kept')) {
      this.lost++
      this.unproved += JSON.parse(line).unproved
    } else if (line.includes('taken over by a new connection')) {
      const { ms, queued, possibleDuplicates } = JSON.parse(line)
      this.takenOver++
      this.queued += queued
      this.possibleDuplicates += possibleDuplicates
      this.slowestMs = Math.max(this.slowestMs, ms)
    }
  }
}
