import { writeFileSync } from 'node:fs'
import { type Diagnostic, Diagnostics, format } from '../language/diagnostic.ts'
import type { Source } from '../language/source.ts'
import { readXml } from '../language/xml.ts'
import { type MockDefinition, readMock } from '../unittest/mock-definition.ts'
import { findSuites, readSource } from '../unittest/project.ts'
import { jsonText, junitText, suiteText, summaryText } from '../unittest/report.ts'
import { runSuite, type SuiteResult } from '../unittest/run.ts'
import { readSuite } from '../unittest/suite.ts'

/** Options of `myelin test`. */
export interface TestOptions {
  /** Default `plain`. */
  readonly report?: 'plain' | 'json' | 'junit'
  /** File for the report; standard output where none is given. */
  readonly output?: string
  /** Files of mock services for endpoints that suites leave as they are. */
  readonly mock?: readonly string[]
}

const FAILED = 1
/** Nothing to run, or a suite that cannot be read. */
const UNREADABLE = 2

/** Runs the unit-test suites of projects; gives 0 when all cases pass, 1 when one fails, 2 when a suite cannot be read. */
export async function test(paths: readonly string[], options: TestOptions): Promise<number> {
  const { report: kind = 'plain', output } = options
  const sources = find(paths)
  if (sources === undefined) return UNREADABLE
  const mocks = readMocks(options.mock ?? [])
  if (mocks === undefined) return UNREADABLE
  const suites: SuiteResult[] = []
  const unreadable: Diagnostic[] = []
  // A report for a machine on standard output stands there alone.
  const isPlain = kind === 'plain' || output !== undefined
  for (const [index, source] of sources.entries()) {
    const progress = (what: string): void =>
      showProgress(`[${index + 1}/${sources.length}] ${source.path} ${what}`)
    progress('')
    const diagnostics = new Diagnostics()
    const suite = readSuite(source, diagnostics)
    const result = suite && (await runSuite(suite, { mocks, onCase: progress }))
    showProgress('')
    for (const each of diagnostics.all()) console.error(`${format(each)}\n`)
    if (!result) unreadable.push(...diagnostics.all())
    else {
      suites.push(result)
      if (isPlain) console.log(`${suiteText(result)}\n`)
    }
  }
  const whole = { suites, unreadable }
  if (isPlain) console.log(summaryText(whole))
  if (kind !== 'plain' || output !== undefined) write(textOf(kind, whole), output)
  if (unreadable.length > 0) return UNREADABLE
  return suites.every(({ passed }) => passed) ? 0 : FAILED
}

function find(paths: readonly string[]): Source[] | undefined {
  const found = new Map<string, Source>()
  for (const path of paths) {
    try {
      const suites = findSuites(path)
      for (const source of suites) found.set(source.path, source)
      if (suites.length === 0) console.error(`myelin: ${path}: there are no suites in it`)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      console.error(`myelin: ${path}: ${code === 'ENOENT' ? 'there is no such file or folder' : message}`)
      return undefined
    }
  }
  if (found.size === 0) {
    console.error(
      `myelin: there are no suites in ${paths.join(', ')}; they are looked for in src/test/wso2mi and src/test`,
    )
    return undefined
  }
  return [...found.values()]
}

function readMocks(files: readonly string[]): MockDefinition[] | undefined {
  const diagnostics = new Diagnostics()
  const mocks = files.map(file => {
    const root = readXml(readSource(file), diagnostics)
    return root && readMock(root, diagnostics)
  })
  for (const each of diagnostics.all()) console.error(`${format(each)}\n`)
  return diagnostics.errors > 0 ? undefined : mocks.filter(mock => mock !== undefined)
}

function textOf(kind: NonNullable<TestOptions['report']>, report: Parameters<typeof jsonText>[0]): string {
  if (kind === 'json') return jsonText(report)
  if (kind === 'junit') return junitText(report)
  return [...report.suites.map(each => `${suiteText(each)}\n`), summaryText(report)].join('\n')
}

function write(text: string, output: string | undefined): void {
  if (output === undefined) console.log(text)
  else writeFileSync(output, `${text}\n`)
}

/** One line that the next one takes the place of, for people who wait at a terminal. */
function showProgress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line.slice(0, process.stderr.columns - 1)}`)
}
