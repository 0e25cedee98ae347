import { afterEach, describe, expect, test, vi } from 'vitest'
import { resolved, resolvedValue } from '../../src/language/resolved.ts'
import { type Deployed, deployed } from '../support/mediate.ts'

afterEach(() => vi.unstubAllEnvs())

describe('a value from outside of the configuration', () => {
  test.each(['$SYSTEM:PORT_OF_TEST', '$FILE:PORT_OF_TEST', ' ${configs.PORT_OF_TEST} '])('%s', source => {
    vi.stubEnv('PORT_OF_TEST', ' 9091 ')
    expect(resolved(source, { within: false })).toEqual({ text: '9091' })
    expect(resolvedValue(source, () => expect.unreachable())).toBe('9091')
  })

  test('stands for the whole value alone, unless it may stand within', () => {
    vi.stubEnv('HOST_OF_TEST', 'h')
    const source = 'ws://${HOST_OF_TEST}/$SYSTEM:HOST_OF_TEST'
    expect(resolved(source, { within: false })).toEqual({ text: source })
    expect(resolved(source, { within: true })).toEqual({ text: 'ws://h/$SYSTEM:HOST_OF_TEST' })
  })

  test('that is missing is named', () => {
    const missing: string[] = []
    expect(resolvedValue('$SYSTEM:NOT_SET_ANYWHERE', name => missing.push(name))).toBeUndefined()
    expect(missing).toEqual(['NOT_SET_ANYWHERE'])
  })

  test.each([undefined, '', ' text ', '$', ' $1', '${payload}'])('%j is a value of its own', source => {
    expect(resolvedValue(source, () => expect.unreachable())).toBe(source)
  })
})

describe('parameters', () => {
  const inbound = (port: string): Deployed =>
    deployed({
      'i.xml': `<inboundEndpoint name="i" protocol="ws" sequence="main"><parameters><parameter name="inbound.ws.port">${port}</parameter></parameters></inboundEndpoint>`,
    })

  test('may have such values', () => {
    vi.stubEnv('PORT_OF_TEST', '9191')
    const { services, diagnostics } = inbound('$SYSTEM:PORT_OF_TEST')
    expect(diagnostics.errors).toBe(0)
    expect(services[0]?.listener).toMatchObject({ port: 9191 })
  })

  test('that are wrong do not tell what the environment holds', () => {
    vi.stubEnv('PORT_OF_TEST', 'secret')
    expect(
      inbound('$SYSTEM:PORT_OF_TEST')
        .diagnostics.all()
        .map(({ message }) => message),
    ).toEqual([
      'parameter inbound.ws.port is "$SYSTEM:PORT_OF_TEST"; expected a whole number from 0 to 65535.',
    ])
  })

  test('of a task too', () => {
    vi.stubEnv('TARGET_OF_TEST', 'seen')
    const task = `<task name="t"><property name="injectTo" value="sequence"/>
      <property name="sequenceName" value="$SYSTEM:TARGET_OF_TEST"/><property name="message" value="hello"/></task>`
    const { activities, diagnostics } = deployed({
      'a.xml': task,
      'b.xml': '<sequence name="seen"><drop/></sequence>',
    })
    expect(diagnostics.all()).toEqual([])
    expect(activities).toHaveLength(1)
  })
})
