import { describe, expect, test } from 'vitest'
import { findings, mediate } from '../support/mediate.ts'

const read = (expression: string): string => `<property name="read" expression="${expression}"/>`

describe('a property of scope registry', () => {
  test('is a resource, seen by whoever reads it from then on', async () => {
    const ctx = await mediate(`
      <property name="conf:/tokens/a" value="1" scope="registry"/>
      <property name="conf:/tokens/a" expression="concat(get-property('registry', '/_system/config/tokens/a'), '2')" scope="registry"/>
      ${read("get-property('registry', 'conf:/tokens/a')")}`)
    expect(ctx.properties.get('read')).toBe('12')
    expect(ctx.deployment.entry('conf:/tokens//a')?.text).toBe('12')
    expect(ctx.deployment.entry('gov:/tokens/a')).toBeUndefined()
  })

  test('is one of its properties behind an @', async () => {
    const ctx = await mediate(`
      <property name="conf:/tokens/a" value="1" scope="registry"/>
      <property name="conf:/tokens/a@expires" value="noon" scope="registry"/>
      <property name="conf:/tokens/a@by" value="me" scope="registry"/>
      ${read("concat(get-property('registry', 'conf:/tokens/a'), get-property('registry', 'conf:/tokens/a@expires'), get-property('registry', 'conf:/tokens/a@by'))")}`)
    expect(ctx.properties.get('read')).toBe('1noonme')
  })

  test('may have a name that is computed, and hold XML', async () => {
    const ctx = await mediate(`
      <property name="{concat('conf:/x/', '1')}" scope="registry"><a xmlns=""><b/></a></property>
      <property name="conf:/x/1" scope="axis2" value="other"/>`)
    expect(ctx.deployment.entry('conf:/x/1')?.xml()?.localName).toBe('a')
  })

  test('that has no value changes nothing', async () => {
    const ctx = await mediate(`
      <property name="conf:/a" value="1" scope="registry"/>
      <property name="conf:/a" expression="get-property('nowhere')" scope="registry"/>`)
    expect(ctx.deployment.entry('conf:/a')?.text).toBe('1')
  })

  test('is not removed, and that is said', async () => {
    const fragment = '<property name="conf:/a" action="remove" scope="registry"/>'
    expect(findings(fragment)).toEqual([
      'no-effect: <property> has no effect: nothing is removed from the registry.',
    ])
  })

  test.each(['conf:/../a', 'conf:/', 'http://elsewhere/a'])('%s is no path: a fault', async key => {
    const ctx = await mediate(`<property name="${key}" value="1" scope="registry"/>`)
    expect(ctx.fault?.message).toBe(`${key} is no path of the registry`)
  })

  test('cannot fill the memory', async () => {
    const ctx = await mediate('<property name="conf:/a" value="1" scope="registry"/>')
    const { deployment } = ctx
    const large = 'x'.repeat(60 * 1024 * 1024)
    deployment.putEntry('conf:/a', { text: large })
    deployment.putEntry('conf:/a', { text: large })
    expect(() => deployment.putEntry('conf:/b', { text: large })).toThrow(
      'nothing can be written to conf:b: the registry in memory is full',
    )
    deployment.putEntry('conf:/a', { text: '' })
    for (let i = 0; i < 9_999; i++) deployment.putEntry(`conf:/n/${i}`, { text: '' })
    expect(() => deployment.putEntry('conf:/n/x', { text: '' })).toThrow('the registry in memory is full')
    deployment.putEntry('conf:/n/1', { text: 'again' })
    expect(deployment.entry('conf:/n/1')?.text).toBe('again')
  })
})
