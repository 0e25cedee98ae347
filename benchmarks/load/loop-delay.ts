import { monitorEventLoopDelay } from 'node:perf_hooks'

// Loaded into a subject with `node --import`: on SIGUSR2 it prints the delay of the event loop since the last time, in
// milliseconds, as `LOOP {"p99":…,"max":…}`.
const RESOLUTION_MS = 5
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
delay.enable()
process.on('SIGUSR2', () => {
  const [p99, max] = [delay.percentile(99) / 1e6, delay.max / 1e6]
  delay.reset()
  console.log(`LOOP ${JSON.stringify({ p99, max })}`)
})
