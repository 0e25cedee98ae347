import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { caseXml, equals, SampleProject, sequence, suiteXml } from '../unittest/sample-project.ts'
import { runMyelin } from './program.ts'

const artifact = sequence('greet', '<property name="greeting" value="hello"/>')
const good = suiteXml({ artifact, cases: caseXml('says hello', '', equals('$ctx:greeting', 'hello')) })
const bad = suiteXml({
  artifact,
  cases: caseXml('says bye', '', equals('$ctx:greeting', 'bye', 'no farewell')),
})

describe('myelin test', () => {
  test('exits with 0 when all cases pass', async () => {
    using project = new SampleProject({ 'src/test/wso2mi/good.xml': good })

    const { code, stdout, stderr } = await runMyelin(['test', project.path])

    expect(stdout).toMatch(
      /good\.xml \(sequence greet\)\n {2}ok {4}says hello \(\d+ ms\)\n {2}coverage 1 of 1 mediators \(100 %\)\n/,
    )
    expect(stdout).toMatch(/\n1 suite, 1 case: 1 passed, 0 failed; coverage 1 of 1 mediators \(100 %\)\n$/)
    expect(stderr).toBe('')
    expect(code).toBe(0)
  })

  test('exits with 1 when a case fails, and says what was expected', async () => {
    using project = new SampleProject({ 'a/src/test/wso2mi/good.xml': good, 'b/src/test/bad.xml': bad })

    const { code, stdout } = await runMyelin([
      'test',
      join(project.path, 'a'),
      join(project.path, 'b/src/test/bad.xml'),
    ])

    expect(stdout).toContain(
      'assertEquals $ctx:greeting: no farewell\n          expected bye\n          actual   hello\n',
    )
    expect(stdout).toContain('2 suites, 2 cases: 1 passed, 1 failed')
    expect(code).toBe(1)
  })

  test('exits with 2 when a suite cannot be read, and runs the others', async () => {
    using project = new SampleProject({
      'src/test/wso2mi/good.xml': good,
      'src/test/wso2mi/broken.xml': '<unit-test><artifacts></unit-test>',
    })

    const { code, stdout, stderr } = await runMyelin(['test', project.path])

    expect(stderr).toMatch(/broken\.xml:1:\d+ error malformed-xml/)
    expect(stdout).toContain('1 suite, 1 case: 1 passed, 0 failed, 1 suite unreadable')
    expect(code).toBe(2)
  })

  test('exits with 2 when there is nothing to run', async () => {
    using project = new SampleProject({ 'README.md': '' })

    const nothing = await runMyelin(['test', project.path])
    expect(nothing.stderr).toContain('there are no suites in')
    expect(nothing.code).toBe(2)

    const nowhere = await runMyelin(['test', '/no/such/folder'])
    expect(nowhere.stderr).toBe('myelin: /no/such/folder: there is no such file or folder\n')
    expect(nowhere.code).toBe(2)
  })

  test('reports as JSON on standard output, as JUnit to a file', async () => {
    using project = new SampleProject({ 'src/test/wso2mi/bad.xml': bad })
    const file = join(project.path, 'report.xml')

    const json = await runMyelin(['test', project.path, '--report', 'json'])
    expect(JSON.parse(json.stdout)).toMatchObject({ summary: { cases: 1, failed: 1 } })
    expect(json.code).toBe(1)

    const junit = await runMyelin(['test', project.path, '--report', 'junit', '--output', file])
    expect(junit.stdout).toContain('1 case: 0 passed, 1 failed')
    expect(readFileSync(file, 'utf8')).toContain(
      '<failure type="assertEquals" message="assertEquals $ctx:greeting: no farewell">',
    )
  })

  test('a report of another kind is a call it does not understand', async () => {
    const { code, stderr } = await runMyelin(['test', '.', '--report', 'html'])

    expect(stderr).toContain('A report is plain, json or junit.')
    expect(code).toBe(2)
  })
})
