import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { format } from '../../src/language/diagnostic.ts'
import { buildGateway, startGateway, type TestGateway } from '../support/gateway.ts'

function written(name: string, text: string): { files: Record<string, string> } {
  const path = join(mkdtempSync(join(tmpdir(), 'services-')), name)
  writeFileSync(path, text)
  return { files: { [path]: text } }
}

/** Starts a gateway with a service that is written to a file, as modules need one. */
export function startService(name: string, text: string): Promise<TestGateway> {
  return startGateway(written(name, text))
}

/** Starts one with a module that defines a service with these options and hooks. */
export function startHooks(options: string, before = ''): Promise<TestGateway> {
  const names = 'service, close, reject, accept, bound, respond, annotated, sendText'
  return startService(
    'a.ts',
    `import { ${names} } from 'myelin'\n${before}\nexport default service({ name: 'a',\n${options}\n})\n`,
  )
}

/** Gives what is found wrong with a service. */
export function findingsOf(name: string, text: string): string[] {
  const { gateway } = buildGateway(written(name, text))
  return gateway.diagnostics.all().map(format)
}
