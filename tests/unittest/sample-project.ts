import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Diagnostics, format } from '../../src/language/diagnostic.ts'
import { readSource } from '../../src/unittest/project.ts'
import { type RunOptions, runSuite, type SuiteResult } from '../../src/unittest/run.ts'
import { readSuite, type Suite } from '../../src/unittest/suite.ts'

/** A project in a temporary folder. Going out of scope removes it. */
export class SampleProject implements Disposable {
  readonly path: string

  constructor(files: Readonly<Record<string, string>>) {
    this.path = mkdtempSync(join(tmpdir(), 'project-'))
    for (const [name, text] of Object.entries(files)) {
      const file = join(this.path, name)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, text)
    }
  }

  /** Reads a suite of the project, with what is wrong with it. */
  read(name = 'src/test/wso2mi/suite.xml'): { suite: Suite | undefined; findings: string[] } {
    const diagnostics = new Diagnostics()
    const suite = readSuite(readSource(join(this.path, name)), diagnostics)
    return { suite, findings: diagnostics.all().map(({ code, message }) => `${code}: ${message}`) }
  }

  /** Runs a suite of the project, which must be readable. */
  async run(options?: RunOptions): Promise<SuiteResult> {
    const diagnostics = new Diagnostics()
    const suite = readSuite(readSource(join(this.path, 'src/test/wso2mi/suite.xml')), diagnostics)
    if (!suite) throw new Error(diagnostics.all().map(format).join('\n'))
    return await runSuite(suite, options)
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true })
  }
}

/** What a suite is made of, each as it stands in the file. */
export interface SuiteParts {
  readonly artifact: string
  readonly supportive?: readonly string[]
  readonly registry?: string
  readonly cases: string
  readonly mocks?: readonly string[]
}

/** Writes a suite. */
export function suiteXml({
  artifact,
  supportive = [],
  registry = '',
  cases,
  mocks = [],
}: SuiteParts): string {
  const wrapped = (name: string, items: readonly string[]): string =>
    items.map(item => `<${name}>${item}</${name}>`).join('')
  return `<unit-test>
  <artifacts>
    <test-artifact><artifact>${artifact}</artifact></test-artifact>
    <supportive-artifacts>${wrapped('artifact', supportive)}</supportive-artifacts>
    <registry-resources>${registry}</registry-resources>
    <connector-resources/>
  </artifacts>
  <test-cases>${cases}</test-cases>
  <mock-services>${wrapped('mock-service', mocks)}</mock-services>
</unit-test>`
}

/** Writes a case. */
export function caseXml(name: string, input: string, assertions: string): string {
  return `<test-case name="${name}"><input>${input}</input><assertions>${assertions}</assertions></test-case>`
}

/** Writes an assertion of equality. */
export function equals(actual: string, expected: string, message = 'differs'): string {
  return `<assertEquals><actual>${actual}</actual><expected>${expected}</expected><message>${message}</message></assertEquals>`
}

/** Writes an assertion that there is something. */
export function notNull(actual: string, message = 'nothing'): string {
  return `<assertNotNull><actual>${actual}</actual><message>${message}</message></assertNotNull>`
}

/** Writes a sequence. */
export function sequence(name: string, steps: string): string {
  return `<sequence xmlns="http://ws.apache.org/ns/synapse" name="${name}">${steps}</sequence>`
}

/** A project with one suite. */
export function projectOf(parts: SuiteParts, files: Readonly<Record<string, string>> = {}): SampleProject {
  return new SampleProject({ 'src/test/wso2mi/suite.xml': suiteXml(parts), ...files })
}
