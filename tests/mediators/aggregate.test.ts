import { describe, expect, test } from 'vitest'
import { findings, json, type Mediated, mediate, xml } from '../support/mediate.ts'

const logged = ({ logged }: Pick<Mediated, 'logged'>): string[] =>
  logged.map(({ text }) => text.replace(/^\{[^}]*\} /, ''))

const note = (name: string, expression: string): string =>
  `<log level="custom"><property name="${name}" expression="${expression}"/></log>`

const split = (inside: string, attributes = 'expression="//item"'): string =>
  `<iterate ${attributes}><target><sequence>${inside}</sequence></target></iterate>`

const LIST = xml('<list><item>1</item><item>2</item><item>3</item></list>')

describe('when it is complete', () => {
  test('when all parts are there', async () => {
    const ctx = await mediate(
      split('<aggregate><onComplete expression="//item"><respond/></onComplete></aggregate>'),
      LIST,
    )
    // The parts are appended to the parent of the first one: the body.
    expect(ctx.replies).toHaveLength(1)
    expect(ctx.counters.ended.answered).toBe(1)
  })

  test('when min is reached, and later ones are dropped', async () => {
    const ctx = await mediate(
      `<property name="all"><all/></property>${split(
        `<aggregate><completeCondition><messageCount min="2" max="2"/></completeCondition>
           <onComplete expression="//item" enclosingElementProperty="all"><respond/></onComplete></aggregate>`,
      )}`,
      LIST,
    )
    expect(ctx.replies).toEqual(['<all><item>1</item><item>2</item></all>'])
  })

  test('when the time is up', async () => {
    const ctx = await mediate(
      `<property name="all"><all/></property>${split(
        `<filter xpath="//item = '3'"><then><drop/></then><else/></filter>
         <aggregate><completeCondition timeout="1"><messageCount min="3"/></completeCondition>
           <onComplete expression="//item" enclosingElementProperty="all"/></aggregate>
         <respond/>`,
      )}`,
      LIST,
    )
    expect(ctx.replies).toEqual([])
    expect(logged(ctx)).toContain('Aggregate mediator timeout occurred.')
  })

  test('when the time is up, mediators behind it run on the last message', async () => {
    const ctx = await mediate(
      `<property name="all"><all/></property>${split(
        `<filter xpath="//item = '3'"><then><drop/></then><else/></filter>
         <aggregate><completeCondition timeout="1"/>
           <onComplete expression="//item" enclosingElementProperty="all"><log/></onComplete></aggregate>
         <respond/>`,
      )}`,
      LIST,
    )
    expect(ctx.replies).toEqual(['<all><item>1</item><item>2</item></all>'])
  })

  test('parts that ended are given up with a warning', async () => {
    const ctx = await mediate(
      split(
        `<filter xpath="//item = '3'"><drop/></filter>
         <aggregate><onComplete expression="//item"><respond/></onComplete></aggregate>`,
      ),
      LIST,
    )
    expect(ctx.replies).toEqual([])
    expect(logged(ctx).some(line => line.includes('2 were given up'))).toBe(true)
    expect(ctx.counters.inFlight).toBe(0)
  })
})

describe('what comes out', () => {
  test('JSON: an array, or one object', async () => {
    const whole = (type: string) =>
      split(
        `<aggregate><onComplete expression="json-eval($)" aggregateElementType="${type}"><respond/></onComplete></aggregate>`,
        'expression="json-eval($.list)"',
      )
    const message = json({ list: [{ a: 1, b: 2 }, { a: 3 }] })
    expect((await mediate(whole('root'), message)).replies).toEqual(['[{"a":1,"b":2},{"a":3}]'])
    expect((await mediate(whole('child'), json({ list: [{ a: 1, b: 2 }, { a: 3 }] }))).replies).toEqual([
      '{"a":[1,3],"b":2}',
    ])
  })

  test('mediators behind it go on with the result, properties of the last part', async () => {
    const ctx = await mediate(
      split(
        `<aggregate><onComplete expression="json-eval($)"><log/></onComplete></aggregate>
         ${note('body', 'json-eval($)')}${note('at', "get-property('messageSequence')")}`,
        'expression="json-eval($.list)" sequential="true"',
      ),
      json({ list: [1, 2] }),
    )
    expect(logged(ctx).slice(-2)).toEqual(['body = [1,2]', 'at = 1/2'])
  })

  test('an expression that selects nothing is a fault', async () => {
    const ctx = await mediate(
      split('<aggregate><onComplete expression="//nothing"><respond/></onComplete></aggregate>'),
      LIST,
    )
    expect(logged(ctx).some(line => line.includes('Could not find matching elements to aggregate'))).toBe(
      true,
    )
  })

  test('a message that nobody split passes through', async () => {
    const ctx = await mediate(
      '<aggregate><onComplete expression="json-eval($)"><drop/></onComplete></aggregate><respond/>',
      json([1]),
    )
    expect(ctx.replies).toEqual(['[1]'])
  })
})

test('says what is missing', () => {
  expect(findings('<aggregate/>')).toEqual(['missing: <aggregate> needs element <onComplete>.'])
  expect(
    findings('<aggregate><correlateOn expression="//a"/><onComplete expression="//b"/></aggregate>'),
  ).toEqual(['missing: <aggregate> with correlateOn needs a messageCount with min or max.'])
})
