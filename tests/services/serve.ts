import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format } from '../../src/language/diagnostic.ts'
import { buildGateway, startGateway, type TestGateway } from '../support/gateway.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

function written(name: string, text: string): { files: Record<string, string> } {
  const path = join(temporaryFolder(), name)
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

/** The same service in each notation, as names of files with what they say. */
export function notations(xml: string, yaml: string, module: string): [file: string, text: string][] {
  return [
    ['a.xml', xml],
    ['a.yaml', yaml],
    ['a.ts', module],
  ]
}
