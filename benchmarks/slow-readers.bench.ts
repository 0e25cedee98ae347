import type { Claim, Row } from './claim.ts'
import { finding } from './compare.ts'
import { type Configuration, sequence, settings } from './configuration.ts'
import { heldBytes, Observer, observable } from './observe.ts'
import { freePorts } from './ports.ts'
import { here, Program } from './program.ts'
import { gateway } from './subjects.ts'
import { ECHO, LOAD_CORE, SUBJECT_CORE, startLoad, startSubject, surroundings } from './surroundings.ts'
import { othersOn, processTree, residentBytes } from './usage.ts'

const MIB = 1024 * 1024
const SESSIONS = 100
const XMLNS = 'xmlns="http://ws.apache.org/ns/synapse"'

/** Two relays at one port: /echo for those who ask, and /flood for those who read slowly. */
function relays(floodPort: number): Configuration {
  return ports => ({
    ...settings(ports),
    ...inbound('echo', ports.relay, ports.backend),
    ...inbound('flood', ports.relay, floodPort),
    ...sequence('out', '  <respond/>'),
  })
}

function inbound(name: string, port: number, backend: number): Readonly<Record<string, string>> {
  return {
    [`inbound-endpoints/${name}.xml`]: `<inboundEndpoint ${XMLNS} name="${name}" protocol="ws" sequence="${name}" suspend="false">
  <parameters>
    <parameter name="inbound.ws.port">${port}</parameter>
    <parameter name="ws.path">/${name}</parameter>
    <parameter name="ws.outflow.dispatch.sequence">out</parameter>
  </parameters>
</inboundEndpoint>
`,
    ...sequence(
      name,
      `  <property name="OUT_ONLY" value="true"/>\n  <send><endpoint><address uri="ws://127.0.0.1:${backend}/"/></endpoint></send>`,
    ),
  }
}

interface Delays {
  readonly p50: number
  readonly p99: number
  readonly asked: number
}

interface Seen {
  readonly calm: Delays
  readonly disturbed: Delays
  /** Messages the slow readers had got while they were slow, and in the end. */
  readonly readSlowly: number
  readonly received: number
  readonly sent: number
  readonly problems: readonly string[]
}

/** Shows that clients who hardly read cost neither memory nor the others' time, and lose nothing. */
export const slowReaders: Claim = {
  name: 'slow-readers',
  title: `${SESSIONS} clients that read 1 KiB a second from a backend at full speed, beside 20 that ask an echo`,
  async run({ quick, subjectCommand, progress }) {
    const seconds = quick ? 5 : 60
    const { backend: floodPort } = await freePorts()
    const plain = gateway(subjectCommand, relays(floodPort))
    const subject = subjectCommand ? plain : observable(plain)
    await using around = await surroundings(subject, ECHO)
    const words = ['node', here('backends/flooding.ts'), '--port', `${floodPort}`]
    await using flooding = new Program(words, { core: LOAD_CORE })
    await flooding.line(/\bready\b/, 20_000)
    const observer = new Observer()
    await using program = await startSubject(around, observer.onLine)
    const pids = processTree(program.pid)
    const relay = `ws://127.0.0.1:${around.ports.relay}`

    let before = 0
    let most = 0
    let others = (): number => Number.NaN
    let othersPercent = Number.NaN
    const sample = (): void => {
      most = Math.max(most, residentBytes(pids))
    }
    let sampling: NodeJS.Timeout | undefined
    const onLine = (line: string): void => {
      if (line === 'CALM') others = othersOn(SUBJECT_CORE, pids)
      else if (line === 'SLOW') {
        before = residentBytes(pids)
        sampling = setInterval(sample, 100)
      } else if (line === 'HURRY') {
        sample()
        clearInterval(sampling)
        othersPercent = others()
      }
    }
    progress(`${seconds} s undisturbed, ${seconds} s beside slow readers`)
    const stop = `http://127.0.0.1:${floodPort}/stop`
    const options = { echo: `${relay}/echo`, flood: `${relay}/flood`, stop, sessions: SESSIONS, seconds }
    await using load = startLoad('slow-readers.ts', options, onLine)
    const held = async (): Promise<number> => {
      const bytes = subjectCommand ? Number.NaN : heldBytes(await observer.observe(program))
      load.write('go on\n')
      return bytes
    }
    await load.line(/^READY$/, 60_000)
    const heldBefore = await held()
    await load.line(/^HURRY$/, seconds * 2000 + 60_000)
    const heldMore = (await held()) - heldBefore
    const seen = JSON.parse(await load.line(/^\{/, seconds * 2000 + 120_000)) as Seen
    clearInterval(sampling)
    return rowsOf(seen, quick, { before, most, heldMore, othersPercent })
  },
}

function rowsOf(
  { calm, disturbed, readSlowly, received, sent, problems }: Seen,
  quick: boolean,
  {
    before,
    most,
    heldMore,
    othersPercent,
  }: Readonly<Record<'before' | 'most' | 'heldMore' | 'othersPercent', number>>,
): readonly Row[] {
  if (problems.length > 0) throw new Error(problems.join('; '))
  return [
    finding({
      what: `memory of the gateway with ${SESSIONS} slow readers, more than before`,
      unit: 'MiB',
      value: (most - before) / MIB,
      atMost: 20,
      aside: { before: before / MIB, most: most / MIB },
    }),
    finding({
      what: 'heap and buffers, garbage collected, more than before',
      unit: 'MiB',
      value: heldMore / MIB,
      atMost: 20,
    }),
    finding({
      what: 'messages lost or out of order',
      unit: 'messages',
      value: Math.abs(sent - received),
      atMost: 0,
      aside: { sent, 'read slowly': readSlowly, received },
    }),
    finding({
      what: 'p99 of the others, against the undisturbed time',
      unit: 'times',
      value: disturbed.p99 / calm.p99,
      // In a short run the hundred arrive all the time: each brings buffers full of messages with it.
      ...(!quick && { atMost: 1.5 }),
      aside: {
        'calm p50 ms': calm.p50,
        'calm p99 ms': calm.p99,
        'p50 ms': disturbed.p50,
        'p99 ms': disturbed.p99,
        asked: disturbed.asked,
        'others on its core, %': othersPercent,
      },
    }),
  ]
}
