import { embedded } from './embedded.ts'
import { aMessage } from './messages.ts'

// Fills an embedded store and takes from it, in a process of its own, and prints how much memory the process has.

const messages = Number(process.argv[2] ?? 1_000_000)
const AT_ONCE = 500
const WARM = 20_000

function report(name: string, figure: number): void {
  console.log(`${name} ${figure.toFixed(2)}`)
}

function residentMb(): number {
  globalThis.gc?.()
  return process.memoryUsage.rss() / 1024 / 1024
}

await using opened = await embedded.open()
const { store } = opened
let largest = 0

async function put(count: number): Promise<void> {
  for (let done = 0; done < count; done += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, () => store.put(aMessage())))
    if (done % 50_000 === 0) largest = Math.max(largest, residentMb())
  }
}

async function takeAll(count: number): Promise<number> {
  const from = performance.now()
  for (let i = 0; i < count; i++) {
    const message = await store.take()
    await store.remove(message!, 'delivered')
  }
  return ((performance.now() - from) * 1000) / count
}

await put(WARM)
await takeAll(2_000)
report('warm', residentMb())
report('take of few', await takeAll(2_000))
await put(messages)
report('full', residentMb())
report('take of many', await takeAll(2_000))
report('after', residentMb())
report('largest', Math.max(largest, residentMb()))
report('held', await store.size())
