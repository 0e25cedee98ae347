import { describe, expect, test } from 'vitest'
import { caseXml, equals, notNull, projectOf, sequence } from './sample-project.ts'

const cdata = (text: string): string => `<![CDATA[${text}]]>`

describe('a sequence', () => {
  test('runs on the message of the input and is looked at afterwards', async () => {
    const steps = `
      <property name="greeting" expression="fn:concat('hello ', get-property('who'))"/>
      <property name="out" value="yes" scope="axis2"/>
      <property name="X-Out" value="1" scope="transport"/>`
    using project = projectOf({
      artifact: sequence('greet', steps),
      cases: caseXml(
        'all',
        `<properties>
          <property name="who" value="ann"/>
          <property name="in" value="axis" scope="axis2"/>
          <property name="X-In" value="header" scope="transport"/>
        </properties>`,
        [
          equals('$ctx:greeting', 'hello  ann '),
          equals('$axis2:out', 'yes'),
          equals('$axis2:in', 'axis'),
          equals('$trp:X-Out', '1'),
          equals('$trp:x-in', 'header'),
          equals('get-property("who")', 'ann'),
          notNull('$ctx:greeting'),
        ].join(''),
      ),
    })

    const { passed, cases, artifact } = await project.run()

    expect(cases[0]?.failures).toEqual([])
    expect(artifact).toBe('sequence greet')
    expect(passed).toBe(true)
  })

  const bodies: [what: string, payload: string, expected: string][] = [
    ['JSON, white space aside', '{ "b": [1, 2], "a": "x y" }', '{"a":"x y","b":[1,2]}'],
    ['a list', '[1, {"a": null}]', '[1,{"a":null}]'],
    ['text', '  some   text ', 'some text'],
    [
      'XML, white space and prefixes aside',
      '<p:a xmlns:p="urn:a">\n <b>1</b>\n</p:a>',
      '<a xmlns="urn:a"><b xmlns="">1</b></a>',
    ],
    [
      'what stands in an envelope',
      '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><a/></s:Body></s:Envelope>',
      '<a/>',
    ],
    [
      'a whole envelope where one is expected',
      '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header/><s:Body><a/></s:Body></s:Envelope>',
      '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header/><e:Body><a></a></e:Body></e:Envelope>',
    ],
  ]
  test.for(bodies)('$body is %s', async ([, payload, expected]) => {
    using project = projectOf({
      artifact: sequence('nothing', ''),
      cases: caseXml(
        'body',
        `<payload>${cdata(payload)}</payload>`,
        equals('$body', cdata(expected)) + notNull('$body'),
      ),
    })

    const { cases } = await project.run()

    expect(cases[0]?.failures).toEqual([])
  })

  test('what differs is told with type, expression, both values and the message', async () => {
    using project = projectOf({
      artifact: sequence('set', '<property name="a" value="1"/>'),
      cases: caseXml(
        'wrong',
        '<payload>{"x":1}</payload>',
        [
          equals('$ctx:a', '2', 'a is not 2'),
          equals('$body', '{"x":"1"}', 'another body'),
          notNull('$ctx:b', 'no b'),
          equals('$ctx:c', '', 'no c'),
          equals('$what:ever', '1', 'odd'),
        ].join(''),
      ),
    })

    const { passed, cases } = await project.run()

    expect(cases[0]?.failures).toMatchObject([
      { type: 'assertEquals', expression: '$ctx:a', expected: '2', actual: '1', message: 'a is not 2' },
      { expression: '$body', expected: '{"x":"1"}', actual: '{"x":1}' },
      {
        type: 'assertNotNull',
        expression: '$ctx:b',
        expected: undefined,
        actual: undefined,
        message: 'no b',
      },
      { expression: '$ctx:c', actual: undefined },
      { expression: '$what:ever', problem: expect.stringMatching(/./) },
    ])
    expect(cases[0]?.assertions).toBe(5)
    expect(passed).toBe(false)
  })

  test('a fault nobody handles is a failed mediation, and says where', async () => {
    using project = projectOf(
      {
        artifact: 'src/main/wso2mi/artifacts/sequences/lost.xml',
        cases: caseXml('lost', '', notNull('$ctx:a')),
      },
      { 'src/main/wso2mi/artifacts/sequences/lost.xml': sequence('lost', '<sequence key="nowhere"/>') },
    )

    const { cases, passed } = await project.run()

    expect(cases[0]?.mediation).toMatch(/^fault .* at .*lost\.xml:1:\d+: .*nowhere/)
    expect(passed).toBe(false)
  })

  test('what was logged is kept for each case', async () => {
    using project = projectOf({
      artifact: sequence(
        'say',
        '<log level="custom"><property name="WHO" expression="get-property(\'who\')"/></log>',
      ),
      cases: ['ann', 'bob']
        .map(who => caseXml(who, `<properties><property name="who" value="${who}"/></properties>`, ''))
        .join(''),
    })

    const { cases } = await project.run()

    expect(cases.map(each => each.log)).toEqual([['info WHO = ann'], ['info WHO = bob']])
  })
})

describe('a proxy service', () => {
  const echo = `<proxy xmlns="http://ws.apache.org/ns/synapse" name="Echo" transports="http"><target><inSequence>
    <property name="X-Seen" expression="$trp:X-In" scope="transport"/><respond/></inSequence></target></proxy>`

  test('is called over HTTP', async () => {
    using project = projectOf({
      artifact: echo,
      cases:
        caseXml(
          'json',
          '<payload>{"a": 1}</payload><properties><property name="X-In" value="seen" scope="transport"/></properties>',
          [
            equals('$body', '{"a":1}'),
            equals('$statusCode', '200'),
            equals('$httpVersion', 'HTTP/1.1'),
            equals('$trp:content-type', 'application/json; charset=UTF-8'),
            equals('$trp:X-Seen', 'seen'),
          ].join(''),
        ) + caseXml('other', '<payload>x</payload>', equals('$ctx:a', '1')),
    })

    const { cases } = await project.run()

    expect(cases[0]).toMatchObject({ mediation: undefined, failures: [] })
    expect(cases[1]?.failures).toMatchObject([{ problem: expect.stringContaining('$statusCode') }])
  })

  test('https where it is not served is a note', async () => {
    using project = projectOf({
      artifact: echo,
      cases: caseXml('secure', '<request-protocol>https</request-protocol>', equals('$statusCode', '200')),
    })

    const { passed, notes } = await project.run()

    expect(notes).toEqual(['secure: called over http, as it is not served over https'])
    expect(passed).toBe(true)
  })
})

describe('an API', () => {
  test('is called below its context, by the method of the case', async () => {
    const api = `<api xmlns="http://ws.apache.org/ns/synapse" name="Greeter" context="/greet">
      <resource methods="GET PUT" uri-template="/{who}"><inSequence>
        <property name="X-Who" expression="get-property('uri.var.who')" scope="transport"/>
        <property name="X-Method" expression="get-property('axis2', 'HTTP_METHOD')" scope="transport"/>
        <respond/>
      </inSequence></resource></api>`
    using project = projectOf({
      artifact: api,
      cases:
        caseXml(
          'put',
          '<request-path>/ann</request-path><request-method>PUT</request-method><payload>{"a":1}</payload>',
          equals('$trp:X-Who', 'ann') + equals('$trp:X-Method', 'PUT') + equals('$body', '{"a":1}'),
        ) +
        caseXml(
          'get',
          '<request-path>bob?x=1</request-path>',
          equals('$trp:X-Who', 'bob') + equals('$trp:X-Method', 'GET'),
        ),
    })

    const { cases } = await project.run()

    expect(cases).toMatchObject([
      { failures: [], mediation: undefined },
      { failures: [], mediation: undefined },
    ])
  })
})

describe('mock services', () => {
  const front = `<proxy xmlns="http://ws.apache.org/ns/synapse" name="Front" transports="http"><target>
    <inSequence><send><endpoint key="Names"/></send></inSequence><outSequence><send/></outSequence></target></proxy>`
  const endpoint =
    '<endpoint xmlns="http://ws.apache.org/ns/synapse" name="Names"><address uri="http://names.example.com/all"/></endpoint>'
  const mockOf = (
    name: string,
  ): string => `<service-name>${name}</service-name><port>0</port><context>/names</context>
    <resources><resource><sub-context>/</sub-context><method>POST</method><request><payload>{"who":"ann"}</payload></request>
      <response><status-code>201</status-code><payload>{"name":"Ann"}</payload></response></resource></resources>`

  test('stand in for the endpoints they are named after', async () => {
    using project = projectOf({
      artifact: front,
      supportive: [endpoint],
      cases: ['ann', 'bob']
        .map(who =>
          caseXml(
            who,
            `<payload>{"who": "${who}"}</payload>`,
            equals('$statusCode', '201') + equals('$body', '{"name":"Ann"}'),
          ),
        )
        .join(''),
      mocks: [mockOf('Names')],
    })

    const { cases, notes } = await project.run()

    expect(cases[0]?.failures).toEqual([])
    expect(cases[1]?.failures).toMatchObject([
      { expression: '$statusCode', actual: '404' },
      { expression: '$body' },
    ])
    expect(notes).toEqual([])
  })

  test('that stand in for nobody are a note', async () => {
    using project = projectOf({
      artifact: sequence('alone', ''),
      cases: caseXml('alone', '', ''),
      mocks: [mockOf('Nobody')],
    })

    const { passed, notes } = await project.run()

    expect(notes).toEqual(['mock service Nobody: no endpoint of this name with an address is deployed'])
    expect(passed).toBe(true)
  })
})

describe('deployment', () => {
  test('errors keep the cases from running, and have their place in the suite', async () => {
    using project = projectOf({
      artifact: sequence('broken', '<nothing/>'),
      cases: caseXml('never', '', notNull('$body')),
    })

    const { passed, deployment, diagnostics, cases } = await project.run()

    expect(deployment[0]).toMatch(/suite\.xml:3:\d+ error unknown-mediator/)
    expect(diagnostics[0]).toMatchObject({ line: 3, code: 'unknown-mediator' })
    expect(cases).toMatchObject([{ passed: false, mediation: 'not run: the deployment failed' }])
    expect(passed).toBe(false)
  })

  test('artifacts may be written as text, and registry resources are there', async () => {
    using project = projectOf(
      {
        artifact: cdata(
          sequence(
            'read',
            '<property name="text" expression="get-property(\'registry\', \'gov:/custom/hello.txt\')"/>',
          ),
        ),
        registry: `<registry-resource><file-name>hello.txt</file-name><artifact>src/main/resources/hello.txt</artifact>
        <registry-path>/_system/governance/custom</registry-path><media-type>text/plain</media-type></registry-resource>`,
        cases: caseXml('text', '', equals('$ctx:text', 'hello')),
      },
      { 'src/main/resources/hello.txt': 'hello' },
    )

    const { deployment, cases } = await project.run()

    expect(deployment).toEqual([])
    expect(cases[0]?.failures).toEqual([])
  })

  test('what cannot take a message says so', async () => {
    using project = projectOf({
      artifact:
        '<endpoint xmlns="http://ws.apache.org/ns/synapse" name="Lone"><address uri="ws://localhost:1/"/></endpoint>',
      cases: caseXml('call', '', ''),
    })

    const { cases } = await project.run()

    expect(cases[0]?.mediation).toMatch(/^a message cannot be given to <endpoint>/)
  })
})

describe('coverage', () => {
  test('counts the mediators of what is under test and of the sequences it refers to', async () => {
    const steps = `<switch source="get-property('kind')">
      <case regex="a"><sequence key="first"/></case>
      <default><log/><drop/></default>
    </switch>`
    using project = projectOf({
      artifact: sequence('main-flow', steps),
      supportive: [
        sequence('first', '<property name="seen" value="first"/>'),
        sequence('unrelated', '<drop/><log/>'),
      ],
      cases: caseXml(
        'a',
        '<properties><property name="kind" value="a"/></properties>',
        equals('$ctx:seen', 'first'),
      ),
    })

    const { coverage, passed } = await project.run()

    expect(passed).toBe(true)
    expect(coverage).toMatchObject({ executed: 3, total: 5, percent: 60 })
    expect(coverage.artifacts).toMatchObject([
      { kind: 'sequence', name: 'main-flow', executed: 2, total: 4, percent: 50 },
      { kind: 'sequence', name: 'first', executed: 1, total: 1, percent: 100 },
    ])
    const [{ mediators } = { mediators: [] }] = coverage.artifacts
    expect(mediators.map(({ mediator, executed }) => [mediator, executed])).toEqual([
      ['switch', true],
      ['sequence', true],
      ['log', false],
      ['drop', false],
    ])
  })
})
