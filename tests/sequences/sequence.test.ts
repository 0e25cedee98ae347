import { describe, expect, test } from 'vitest'
import { MessageContext } from '../../src/core/context.ts'
import { Message } from '../../src/message/message.ts'
import { SequenceCell } from '../../src/sequences/sequence.ts'
import { deployed, findings, json, mediate, RecordingOrigin } from '../support/mediate.ts'

const FAIL = '<property name="x" expression="json-eval($.x)"/>'
const UNREADABLE = json('{')

describe('onError', () => {
  test('runs for what fails in the sequence, and the message ends there', async () => {
    const ctx = await mediate('<sequence key="work"/><property name="after" value="yes"/>', UNREADABLE, {
      artifacts: [
        `<sequence name="work" onError="handle">${FAIL}<property name="rest" value="yes"/></sequence>`,
        '<sequence name="handle"><property name="seen" expression="$ctx:ERROR_CODE"/></sequence>',
      ],
    })
    expect(ctx.properties.get('seen')).toBe('601000')
    expect(ctx.properties.has('rest')).toBe(false)
    expect(ctx.properties.has('after')).toBe(false)
    expect(ctx.fault?.place).toEqual({ file: 'artifact1.xml', line: 1, column: 40 })
    expect(ctx.isFaultHandled).toBe(true)
    expect(ctx.counters.ended.faulted).toBe(1)
  })

  test('covers the sequences it runs, and not those that run it', async () => {
    const artifacts = [
      '<sequence name="outer" onError="handle"><sequence key="inner"/></sequence>',
      `<sequence name="inner">${FAIL}</sequence>`,
      '<sequence name="handle"><property name="by" value="handle"/></sequence>',
    ]
    const inside = await mediate('<sequence key="outer"/>', UNREADABLE, { artifacts })
    expect(inside.properties.get('by')).toBe('handle')
    const outside = await mediate(
      `<filter xpath="false()"><sequence key="outer"/></filter>${FAIL}`,
      UNREADABLE,
      {
        artifacts,
      },
    )
    expect(outside.properties.has('by')).toBe(false)
    expect(outside.fault?.code).toBe(601000)
  })

  test('an error in a fault sequence goes to the next one outwards', async () => {
    const ctx = await mediate('<sequence key="outer"/>', UNREADABLE, {
      artifacts: [
        '<sequence name="outer" onError="second"><sequence key="inner"/></sequence>',
        `<sequence name="inner" onError="first">${FAIL}</sequence>`,
        `<sequence name="first"><property name="trail" value="first"/><sequence key="{'nowhere'}"/></sequence>`,
        `<sequence name="second"><property name="trail" expression="concat($ctx:trail, ' second ', $ctx:ERROR_MESSAGE)"/></sequence>`,
      ],
    })
    expect(ctx.properties.get('trail')).toBe('first second Sequence named nowhere cannot be found')
    expect(ctx.fault?.place?.file).toBe('artifact3.xml')
  })

  test('one that is not there is a warning, and the fault goes outwards as it is', async () => {
    const artifacts = [`<sequence name="work" onError="nowhere">${FAIL}</sequence>`]
    expect(findings('<sequence key="work"/>', { artifacts })).toEqual([
      'missing-sequence: There is no sequence named nowhere; the fault goes outwards.',
    ])
    const ctx = await mediate('<sequence key="work"/>', UNREADABLE, { artifacts })
    expect(ctx.fault?.code).toBe(601000)
  })

  test('what no sequence handles reaches the built-in fault sequence, which logs it in full', async () => {
    const ctx = await mediate(FAIL, UNREADABLE)
    expect(ctx.isFaultHandled).toBe(false)
    expect(ctx.logged.map(({ level }) => level)).toEqual(['warn', 'info'])
    expect(ctx.logged[1]?.text).toMatch(
      /^\{proxy:test\} To: .*, Direction: request, Payload: \{, MESSAGE = Executing default 'fault' sequence, ERROR_CODE = 601000, ERROR_MESSAGE = the payload is no JSON/,
    )
  })

  test('a sequence named fault takes its place', async () => {
    const ctx = await mediate(FAIL, UNREADABLE, {
      artifacts: ['<sequence name="fault"><respond/></sequence>'],
    })
    expect(ctx.replies).toEqual(['{'])
    expect(ctx.isFaultHandled).toBe(true)
  })
})

describe('names', () => {
  test('a sequence may run one that is defined after it, in any file', async () => {
    const ctx = await mediate('<sequence key="a"/>', undefined, {
      artifacts: [
        `<definitions><sequence name="a"><sequence key="b"/></sequence>
         <sequence name="b"><sequence key="c"/></sequence></definitions>`,
        '<sequence name="c"><property name="ran" value="c"/></sequence>',
      ],
    })
    expect(ctx.properties.get('ran')).toBe('c')
  })

  test('main and fault are there in any deployment', async () => {
    const main = await mediate('<sequence key="main"/><property name="after" value="yes"/>')
    expect(main.propertiesIfAny).toBeUndefined()
    expect(main.counters.ended.dropped).toBe(1)
    expect(main.logged[0]?.text).toMatch(/^\{proxy:test\} To: /)
    const fault = await mediate('<sequence key="fault"/><property name="after" value="yes"/>')
    expect(fault.properties.has('after')).toBe(false)
  })

  test('one that was left out because of its errors is a fault when it is reached', async () => {
    const { services, diagnostics, log } = deployed({
      'a.xml': '<sequence name="a"><sequence key="b"/></sequence>',
      'b.xml': '<sequence name="b"><lgo/></sequence>',
      'p.xml': '<proxy name="p"><target inSequence="a"/></proxy>',
    })
    expect(diagnostics.errors).toBe(1)
    const { service } = services[0]!
    const ctx = new MessageContext(service, new RecordingOrigin(), Message.empty())
    await service.on.message?.run(ctx)
    expect(ctx.fault?.message).toBe('sequence b was left out because of its errors')
    expect(log.lines[0]?.fields).toMatchObject({ code: 0, at: 'a.xml:1:20' })
  })
})

describe('circles', () => {
  test('a sequence that runs itself is a fault', async () => {
    const ctx = await mediate('<sequence key="a"/>', undefined, {
      artifacts: ['<sequence name="a"><sequence key="a"/></sequence>'],
    })
    expect(ctx.fault?.code).toBe(0)
    expect(ctx.fault?.message).toBe('sequence a stands inside more than 200 others: they run in a circle')
  })

  test('so is a wide circle, and the deployment works on afterwards', async () => {
    const size = 60
    const circle = Array.from(
      { length: size },
      (_, i) =>
        `<sequence name="s${i}"><filter xpath="true()"><sequence key="s${(i + 1) % size}"/></filter></sequence>`,
    )
    const ctx = await mediate('<sequence key="s0"/>', undefined, { artifacts: circle })
    expect(ctx.fault?.code).toBe(0)
    expect(ctx.fault?.message).toMatch(/they run in a circle$/)
  })

  test('so is one that waits on its way round', async () => {
    const cell = new SequenceCell('a')
    cell.fill({
      async run(ctx) {
        await Promise.resolve()
        return cell.run(ctx)
      },
    })
    const ctx = await mediate('<drop/>')
    await expect(cell.run(ctx)).rejects.toThrow('they run in a circle')
    expect(ctx.depth).toBe(0)
  })

  test('the same sequence many times one after another is none', async () => {
    const ctx = await mediate('<sequence key="add"/>'.repeat(300), undefined, {
      artifacts: ['<sequence name="add"><property name="n" expression="concat($ctx:n, 1)"/></sequence>'],
    })
    expect(ctx.properties.get('n')).toBe('1'.repeat(300))
  })
})
