// Loaded into a subject before its own program: SIGUSR2 has it collect its garbage and print what it holds, as JSON
// with the key "observed". Needs --expose-gc.

process.on('SIGUSR2', () => {
  void (async () => {
    for (let i = 0; i < 3; i++) {
      // The flavor gives memory back to the system too, which V8 else keeps for a while.
      await globalThis.gc?.({ execution: 'async', type: 'major', flavor: 'last-resort' })
      await new Promise(resolve => setTimeout(resolve, 50))
    }
    const { rss, heapUsed, heapTotal, external } = process.memoryUsage()
    const resources: Record<string, number> = {}
    for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1
    console.log(JSON.stringify({ observed: { rss, heapUsed, heapTotal, external, resources } }))
  })()
})
