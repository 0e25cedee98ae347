import { describe, expect, test } from 'vitest'
import { findings, json, type Mediated, mediate, xml } from '../support/mediate.ts'

const logged = ({ logged }: Pick<Mediated, 'logged'>): string[] =>
  logged.map(({ text }) => text.replace(/^\{[^}]*\} /, '')).filter(line => !line.startsWith('ERROR_CODE'))

const note = (name: string, expression: string): string =>
  `<log level="custom"><property name="${name}" expression="${expression}"/></log>`

describe('with expression', () => {
  test('runs on the message itself, and what it leaves takes the place of the part', async () => {
    const ctx = await mediate(
      `<foreach expression="//item"><sequence>
         <property name="last" expression="//item"/>
         <payloadFactory media-type="xml"><format><done>$1</done></format><args><arg expression="//item"/></args></payloadFactory>
       </sequence></foreach><respond/>`,
      xml('<list><item>a</item><other/><item>b</item></list>'),
    )
    expect(ctx.replies).toEqual(['<list><done>a</done><other/><done>b</done></list>'])
    expect(ctx.properties.get('last')).toBe('b')
    expect(ctx.properties.get('FOREACH_COUNTER')).toBe(2)
  })

  test('counts and keeps the original, under its id', async () => {
    const ctx = await mediate(
      `<foreach expression="//item" id="it"><sequence>${note('n', "get-property('it_FOREACH_COUNTER')")}</sequence></foreach>
       ${note('was', "get-property('it_FOREACH_ORIGINAL_MESSAGE')")}`,
      xml('<list><item>a</item><item>b</item></list>'),
    )
    expect(logged(ctx).slice(0, 2)).toEqual(['n = 0', 'n = 1'])
    expect(logged(ctx)[2]).toContain('<item>a</item><item>b</item>')
  })

  test('works through an array', async () => {
    const ctx = await mediate(
      `<foreach expression="json-eval($.list)"><sequence>
         <payloadFactory media-type="json"><format>{"v": $1}</format><args><arg evaluator="json" expression="$"/></args></payloadFactory>
       </sequence></foreach><respond/>`,
      json({ id: 1, list: [1, 2] }),
    )
    expect(ctx.replies).toEqual(['{"id":1,"list":[{"v":1},{"v":2}]}'])
  })

  test('a drop ends the loop, and parts not reached are left out', async () => {
    const ctx = await mediate(
      `<foreach expression="//item"><sequence><filter xpath="//item = 'b'"><drop/></filter></sequence></foreach><respond/>`,
      xml('<list><item>a</item><item>b</item><item>c</item></list>'),
    )
    expect(ctx.replies).toEqual(['<list><item>a</item></list>'])
  })

  test('a failure is a fault, or with continueLoopOnFailure leaves the part out', async () => {
    const body = `<sequence><filter xpath="json-eval($.bad)"><sequence key="nowhere"/></filter></sequence>`
    const message = { list: [{ n: 1 }, { bad: true }, { n: 3 }] }
    const failed = await mediate(`<foreach expression="json-eval($.list)">${body}</foreach>`, json(message))
    expect(failed.fault?.message).toContain('nowhere')
    const goesOn = await mediate(
      `<foreach expression="json-eval($.list)" continueLoopOnFailure="true">${body}</foreach><respond/>`,
      json(message),
    )
    expect(goesOn.replies).toEqual(['{"list":[{"n":1},{"n":3}]}'])
  })

  test('what sends cannot stand in it', () => {
    expect(findings('<foreach expression="//a"><sequence><send/></sequence></foreach>')).toEqual([
      'bad-combination: <send> cannot stand in a foreach with expression. Use iterate, or foreach with collection.',
    ])
  })
})

describe('with collection', () => {
  const list = { data: { list: [{ name: 'a' }, { name: 'b' }] } }

  test.each(['true', 'false'])(
    'puts what became of the parts in their place (parallel %s)',
    async parallel => {
      const ctx = await mediate(
        `<foreach collection="\${payload.data.list}" parallel-execution="${parallel}"><sequence>
         <property name="p" value="inside"/>
         <payloadFactory media-type="json"><format>{"n": "\${payload.name}"}</format></payloadFactory>
       </sequence></foreach>${note('p', "get-property('p')")}<respond/>`,
        json(list),
      )
      expect(ctx.replies).toEqual(['{"data":{"list":[{"n":"a"},{"n":"b"}]}}'])
      expect(logged(ctx)).toEqual(['p = null'])
    },
  )

  test('puts them into a variable', async () => {
    const ctx = await mediate(
      `<foreach collection="\${payload.data.list}" update-original="false" target-variable="out" result-content-type="JSON" parallel-execution="false" counter-variable="i"><sequence>
         <payloadFactory media-type="json"><format>{"i": \${vars.i}}</format></payloadFactory>
       </sequence></foreach><respond/>`,
      json(list),
    )
    expect(ctx.variables.get('out')).toEqual([{ i: 0 }, { i: 1 }])
    expect(ctx.replies).toEqual([JSON.stringify(list)])
  })

  test('works through nodes', async () => {
    const ctx = await mediate(
      `<foreach collection="\${xpath('//item')}"><sequence>
         <payloadFactory media-type="xml"><format><d:done xmlns:d="urn:d">$1</d:done></format><args><arg expression="//item"/></args></payloadFactory>
       </sequence></foreach><respond/>`,
      xml('<list><item>a</item><item>b</item></list>'),
    )
    expect(ctx.replies).toEqual([
      '<list><d:done xmlns:d="urn:d">a</d:done><d:done xmlns:d="urn:d">b</d:done></list>',
    ])
  })

  test('rewrites a variable', async () => {
    const ctx = await mediate(
      `<variable name="list" type="JSON" value='[{"n":1},{"n":2}]'/>
       <foreach collection="\${vars.list}"><sequence>
         <payloadFactory media-type="json"><format>{"m": \${payload.n}}</format></payloadFactory>
       </sequence></foreach>`,
      json({}),
    )
    expect(ctx.variables.get('list')).toEqual([{ m: 1 }, { m: 2 }])
  })

  test('one failed part stops the message', async () => {
    const ctx = await mediate(
      `<foreach collection="\${payload.data.list}"><sequence><sequence key="nowhere"/></sequence></foreach>${note('after', "'x'")}`,
      json(list),
    )
    expect(logged(ctx).some(line => line.startsWith('after'))).toBe(false)
  })

  test('what is no array is a fault', async () => {
    const ctx = await mediate(
      `<foreach collection="\${payload.data}"><sequence><log/></sequence></foreach>`,
      json({ data: 5 }),
    )
    expect(ctx.fault?.message).toContain('did not resolve to a valid array')
  })

  test('says what is missing', () => {
    expect(findings('<foreach><sequence/></foreach>')).toEqual([
      'missing: <foreach> needs expression or collection.',
    ])
    expect(
      findings('<foreach collection="${payload.a}" update-original="false"><sequence/></foreach>'),
    ).toEqual(['missing: <foreach> with update-original="false" needs target-variable.'])
  })
})
