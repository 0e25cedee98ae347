import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Claim, Row, Sample } from './claim.ts'
import { compare } from './compare.ts'
import { relayAndAccept } from './configuration.ts'
import { upgradeRequest } from './load/frames.ts'
import { Program } from './program.ts'
import { barePipe, commandOf, gateway, type Subject } from './subjects.ts'
import { ECHO, surroundings } from './surroundings.ts'

const LIMIT_MS = 20_000

/** Shows how soon after its start the gateway works; the bare pipe is there to show what Node itself takes. */
export const startup: Claim = {
  name: 'startup',
  title: 'Start to ready with a relay and a proxy service; any core',
  baseline: 'bare-pipe.ts',
  async run({ quick, subjectCommand, progress }) {
    const subject = gateway(subjectCommand, relayAndAccept)
    const rounds = quick ? 3 : 5
    const measure = (what: string, ms: (subject: Subject) => Promise<number>): Promise<Row> => {
      const sample = async (of: Subject): Promise<Sample> => ({ value: await ms(of) })
      return compare({
        what,
        unit: 'ms',
        goal: { of: 'ours', atMost: 700 },
        rounds,
        ours: () => sample(subject),
        baseline: () => sample(barePipe),
        progress,
      })
    }
    return [
      await measure('to its ready line', readyMs),
      await measure('to the first accepted handshake', handshakeMs),
    ]
  },
}

async function readyMs(subject: Subject): Promise<number> {
  await using around = await surroundings(subject, ECHO)
  const from = performance.now()
  await using program = new Program(commandOf(subject, around.dir, around.ports))
  await program.line(/\bready\b/, LIMIT_MS)
  return performance.now() - from
}

async function handshakeMs(subject: Subject): Promise<number> {
  await using around = await surroundings(subject, ECHO)
  const url = new URL(`ws://127.0.0.1:${around.ports.relay}/`)
  const from = performance.now()
  await using program = new Program(commandOf(subject, around.dir, around.ports))
  while (!(await accepts(url))) {
    if (program.hasEnded) await program.line(/\bready\b/, 0)
    if (performance.now() - from > LIMIT_MS)
      throw new Error(`${subject.name} took no session in ${LIMIT_MS} ms`)
    await sleep(3)
  }
  return performance.now() - from
}

/** Tells whether an upgrade is answered with 101. */
function accepts(url: URL): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host: url.hostname, port: Number(url.port) })
    const settle = (accepted: boolean): void => {
      socket.destroy()
      resolve(accepted)
    }
    socket.on('connect', () => socket.write(upgradeRequest(url)))
    socket.on('data', data => settle(data.toString('latin1').startsWith('HTTP/1.1 101')))
    socket.on('error', () => settle(false))
    socket.on('close', () => settle(false))
  })
}
