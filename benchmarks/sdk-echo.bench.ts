import type { Claim, RunOptions } from './claim.ts'
import { compare } from './compare.ts'
import { type Configuration, settings } from './configuration.ts'
import { cpuPerMessage, type LoadPlan, timing } from './measure.ts'
import { bareEcho, gateway, type Subject } from './subjects.ts'
import { ECHO } from './surroundings.ts'

const service: Configuration = ports => ({
  ...settings(ports),
  'services/echo.ts': `import { service } from 'myelin'

export default service({
  listen: { port: ${ports.relay} },
  compression: false,
  onMessage: (caller, data) => data,
})
`,
})

/** Compares a service whose hook is a function with a server of the bare `ws` library. */
export const sdkEcho: Claim = {
  name: 'sdk-echo',
  title: 'A service whose onMessage gives back what it gets; 50 sessions',
  baseline: 'baselines/bare-echo.ts, one write per message',
  async run(options) {
    const rows = []
    for (const depth of [1, 16]) rows.push(await compareEcho({ size: 128, depth }, options))
    return rows
  },
}

function compareEcho({ size, depth }: { size: number; depth: number }, options: RunOptions) {
  const plan: LoadPlan = { to: 'relay', backend: ECHO, connections: 50, size, depth }
  const cpuOf = (subject: Subject) => () => cpuPerMessage(subject, plan, options)
  return compare({
    what: `${size} B, depth ${depth}`,
    unit: 'µs CPU/message',
    goal: { of: 'ratio', atMost: 1.15 },
    rounds: timing(options).rounds,
    ours: cpuOf(gateway(options.subjectCommand, service)),
    baseline: cpuOf(bareEcho),
    progress: options.progress,
  })
}
