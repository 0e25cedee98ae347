import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findSuites } from '../../src/unittest/project.ts'
import { caseXml, equals, projectOf, SampleProject, sequence, suiteXml } from './sample-project.ts'

test('reads cases with what they bring along and expect', () => {
  using project = projectOf({
    artifact: sequence('one', ''),
    cases: `<test-case name="full"><input>
        <request-path>/a?b=c</request-path><request-method>put</request-method><request-protocol>https</request-protocol>
        <payload><order xmlns="urn:o"><id>1</id></order></payload>
        <properties><property name="p" value="v" scope="axis2"/></properties>
      </input><assertions>${equals('$body', '&lt;a/&gt;')}</assertions></test-case>
      <test-case/>`,
  })

  const { suite, findings } = project.read()

  expect(findings).toEqual([])
  expect(suite?.cases).toMatchObject([
    {
      name: 'full',
      path: '/a?b=c',
      method: 'PUT',
      protocol: 'https',
      payload: '<order xmlns="urn:o"><id>1</id></order>',
      properties: [{ name: 'p', value: 'v', scope: 'axis2' }],
      assertions: [{ type: 'assertEquals', actual: '$body', expected: '<a/>', message: 'differs' }],
    },
    { name: 'case 2', path: '', method: undefined, payload: undefined, assertions: [] },
  ])
})

test('reads the older root, files of the project and mock services of their own file', () => {
  const mock = `<mock-service><service-name>E</service-name><port>9191</port><context>/c</context><resources><resource>
    <sub-context>/s?x=1</sub-context><method>post</method>
    <request><payload>{}</payload><headers><header name="A" value="b"/></headers></request>
    <response><status-code>201</status-code><payload><![CDATA[ {"ok": true} ]]></payload>
      <headers><header name="C" value="d"/></headers></response>
  </resource></resources></mock-service>`
  using project = new SampleProject({
    'src/main/wso2mi/artifacts/sequences/one.xml': sequence('one', ''),
    'src/test/resources/mock-services/e.xml': mock,
    'src/test/old.xml': suiteXml({
      artifact: 'src/main/wso2mi/artifacts/sequences/one.xml',
      cases: caseXml('a', '', ''),
      mocks: ['src/test/resources/mock-services/e.xml'],
    }).replaceAll('unit-test>', 'synapse-unit-test>'),
  })

  const { suite, findings } = project.read('src/test/old.xml')

  expect(findings).toEqual([])
  expect(suite?.artifact.text).toContain('<sequence')
  expect(suite?.mocks).toMatchObject([
    {
      endpoint: 'E',
      port: 9191,
      context: '/c',
      resources: [
        {
          path: '/s',
          query: [['x', '1']],
          method: 'POST',
          payload: '{}',
          headers: [{ name: 'A', value: 'b' }],
          response: { status: 201, payload: '{"ok": true}', headers: [{ name: 'C', value: 'd' }] },
        },
      ],
    },
  ])
})

test.for<[what: string, text: string, finding: string]>([
  ['is not well-formed', '<unit-test>', 'malformed-xml'],
  ['is something else', '<mock-service/>', 'unknown-artifact: <mock-service> is no suite'],
  ['has nothing in it', '<unit-test/>', 'missing: <unit-test> needs <artifacts>.'],
  [
    'names no artifact',
    '<unit-test><artifacts><test-artifact/></artifacts></unit-test>',
    'missing: <test-artifact> needs <artifact>.',
  ],
  [
    'names a file that is not there',
    suiteXml({ artifact: 'src/none.xml', cases: caseXml('a', '', '') }),
    'missing: There is no file src/none.xml in the project.',
  ],
  [
    'has no case',
    suiteXml({ artifact: sequence('a', ''), cases: '' }),
    'missing: The suite has no <test-case>.',
  ],
  [
    'has a misspelt assertion',
    suiteXml({ artifact: sequence('a', ''), cases: caseXml('a', '', '<assertEqual/>') }),
    'unknown-element: <assertEqual> is no assertion',
  ],
  [
    'has an assertion of nothing',
    suiteXml({ artifact: sequence('a', ''), cases: caseXml('a', '', '<assertEquals/>') }),
    'missing: <assertEquals> needs <actual>.',
  ],
  [
    'has an unknown scope',
    suiteXml({
      artifact: sequence('a', ''),
      cases: caseXml('a', '<properties><property name="a" value="b" scope="registry"/></properties>', ''),
    }),
    'bad-value: attribute scope is "registry"',
  ],
  [
    'has a mock service for nobody',
    suiteXml({ artifact: sequence('a', ''), cases: caseXml('a', '', ''), mocks: ['<port>1</port>'] }),
    'missing: <mock-service> needs <service-name>',
  ],
  [
    'has a mock service with an odd port',
    suiteXml({
      artifact: sequence('a', ''),
      cases: caseXml('a', '', ''),
      mocks: ['<service-name>a</service-name><port>http</port>'],
    }),
    'bad-value: <port> is "http"',
  ],
])('a suite that %s is not read', ([, text, finding]) => {
  using project = new SampleProject({ 'src/test/wso2mi/suite.xml': text })

  const { suite, findings } = project.read()

  expect(suite).toBe(undefined)
  expect(findings.join('\n')).toContain(finding)
})

test('an element that means nothing is a warning', () => {
  using project = projectOf({ artifact: sequence('a', ''), cases: caseXml('a', '<body>x</body>', '') })

  const { suite, findings } = project.read()

  expect(findings).toEqual(['no-effect: <body> means nothing in <input>.'])
  expect(suite?.cases).toHaveLength(1)
})

test('finds suites in a project, in a folder with projects, and by name', () => {
  using folder = new SampleProject({
    'one/src/test/wso2mi/a.xml': '<unit-test/>',
    'one/src/test/wso2mi/mock.xml': '<mock-service/>',
    'one/src/test/b.xml': '<synapse-unit-test/>',
    'group/two/src/test/wso2mi/c.xml': '<unit-test>',
    'loose/d.xml': '<unit-test/>',
    'node_modules/e/src/test/f.xml': '<unit-test/>',
  })
  mkdirSync(join(folder.path, 'empty'))
  writeFileSync(join(folder.path, 'empty', 'note.txt'), '')
  const found = (path: string): string[] =>
    findSuites(join(folder.path, path)).map(each => each.path.slice(folder.path.length + 1))

  expect(found('one')).toEqual(['one/src/test/wso2mi/a.xml', 'one/src/test/b.xml'])
  expect(found('')).toEqual([
    'group/two/src/test/wso2mi/c.xml',
    'loose/d.xml',
    'one/src/test/wso2mi/a.xml',
    'one/src/test/b.xml',
  ])
  expect(found('loose/d.xml')).toEqual(['loose/d.xml'])
  expect(found('empty')).toEqual([])
  expect(() => found('none')).toThrow('ENOENT')
})
