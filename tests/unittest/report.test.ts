import { expect, test } from 'vitest'
import { Source } from '../../src/language/source.ts'
import { parseXml } from '../../src/message/xml/parse.ts'
import { jsonText, junitText, suiteText, summaryText } from '../../src/unittest/report.ts'
import type { SuiteResult } from '../../src/unittest/run.ts'

const mediators = [
  { mediator: 'log', file: 'a.xml', line: 2, column: 5, executed: true },
  { mediator: 'drop', file: 'a.xml', line: 3, column: 5, executed: false },
  { mediator: 'send', file: 'a.xml', line: 4, column: 5, executed: false },
]
const suite: SuiteResult = {
  suite: 'test/a.xml',
  artifact: 'sequence a',
  passed: false,
  deployment: [],
  diagnostics: [],
  notes: ['mock service E: no endpoint'],
  cases: [
    { name: 'good', passed: true, ms: 3, mediation: undefined, assertions: 1, failures: [], log: ['info x'] },
    {
      name: 'bad',
      passed: false,
      ms: 1_500,
      mediation: 'fault 0: no',
      assertions: 2,
      failures: [
        {
          type: 'assertEquals',
          expression: '$body',
          expected: '<a/>',
          actual: '\u0001 & "b"',
          message: 'not a',
        },
        { type: 'assertNotNull', expression: '$ctx:p', expected: undefined, actual: undefined, message: '' },
      ],
      log: ['info line'],
    },
  ],
  coverage: {
    executed: 1,
    total: 3,
    percent: 33.33,
    artifacts: [{ kind: 'sequence', name: 'a', executed: 1, total: 3, percent: 33.33, mediators }],
  },
}
const source = new Source('broken.xml', '<unit-test>')
const unreadable = [
  { severity: 'error', code: 'malformed-xml', message: 'unclosed', span: { source, start: 0, end: 1 } },
] as const

test('the plain report says what failed, what did not run, and adds up', () => {
  expect(suiteText(suite)).toBe(`test/a.xml (sequence a)
  ok    good (3 ms)
  FAIL  bad (1500 ms)
        mediation: fault 0: no
        assertEquals $body: not a
          expected <a/>
          actual   \u0001 & "b"
        assertNotNull $ctx:p
          actual   (nothing)
        log: info line
  note  mock service E: no endpoint
  coverage 1 of 3 mediators (33.33 %)
        not run: a.xml:3:5 <drop>
        not run: a.xml:4:5 <send>`)
  expect(summaryText({ suites: [suite], unreadable })).toBe(
    '1 suite, 2 cases: 1 passed, 1 failed, 1 suite unreadable; coverage 1 of 3 mediators (33.33 %)',
  )
})

test('the JSON report has all of it', () => {
  expect(JSON.parse(jsonText({ suites: [suite], unreadable }))).toMatchObject({
    suites: [{ suite: 'test/a.xml', cases: [{ passed: true }, { failures: [{ expected: '<a/>' }, {}] }] }],
    unreadable: [{ file: 'broken.xml', line: 1, code: 'malformed-xml' }],
    summary: { suites: 1, cases: 2, passed: 1, failed: 1, coverage: { executed: 1, total: 3 } },
  })
})

test('the JUnit report is well-formed and has a failure for each case that fails', () => {
  const report = parseXml(junitText({ suites: [suite], unreadable })).documentElement!

  expect(report.nodeName).toBe('testsuites')
  expect(['tests', 'failures', 'errors'].map(name => report.getAttribute(name))).toEqual(['3', '1', '1'])
  const [first, second] = report.children
  const [properties, good, bad] = first!.children
  expect(properties!.children.map(each => each.getAttribute('value'))).toEqual(['sequence a', '33.33'])
  expect(good!.children).toEqual([])
  expect(bad!.getAttribute('time')).toBe('1.500')
  expect(bad!.children[0]!.getAttribute('message')).toBe('mediation: fault 0: no')
  expect(bad!.children[0]!.text).toContain('expected <a/>')
  expect(second!.children[0]!.children[0]!.nodeName).toBe('error')
})
