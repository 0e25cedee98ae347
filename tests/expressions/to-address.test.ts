import { describe, expect, test } from 'vitest'
import { mediate, message } from '../support/mediate.ts'

const soap = (to: string, namespace = 'http://www.w3.org/2005/08/addressing') =>
  message(
    `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header><a:To xmlns:a="${namespace}">${to}</a:To></s:Header><s:Body><o/></s:Body></s:Envelope>`,
    'text/xml',
  )

const READ = `<property name="seen" expression="get-property('To')"/>`
const seen = async (...args: Parameters<typeof mediate>) => (await mediate(...args)).properties.get('seen')

describe('the address a message is for', () => {
  test.each(['http://www.w3.org/2005/08/addressing', 'http://schemas.xmlsoap.org/ws/2004/08/addressing'])(
    'is that of the header of %s',
    async namespace => {
      expect(await seen(READ, soap('http://a.example.com/', namespace))).toBe('http://a.example.com/')
    },
  )

  test('is what was set, whatever the header says', async () => {
    const set = '<header name="To" value="http://b.example.com/"/>'
    expect(await seen(set + READ, soap('http://a.example.com/'))).toBe('http://b.example.com/')
  })

  test('is where a message that cannot be read came to', async () => {
    const broken = message('<s:Envelope xmlns:a="http://www.w3.org/2005/08/addressing">', 'text/xml')
    expect(await seen(READ, broken)).toBe('/services/test/orders?Currency=EUR')
  })

  test('is one for all that look at it', async () => {
    const ctx = await mediate(
      `<property name="query" expression="$url:id"/>
       <filter source="get-property('To')" regex=".*id=7"><then><property name="matched" value="yes"/></then></filter>
       <rewrite outProperty="address"><rewriterule><action type="append" fragment="path" value="/x"/></rewriterule></rewrite>`,
      soap('http://a.example.com/orders?id=7'),
    )
    expect(Object.fromEntries(ctx.properties.entries())).toMatchObject({
      query: '7',
      matched: 'yes',
      address: 'http://a.example.com/orders/x?id=7',
    })
  })

  test('of a response is none, unless it was set', async () => {
    const response = '<property name="RESPONSE" value="true"/>'
    expect(await seen(response + READ, soap('http://a.example.com/'))).toBe('')
    const set = '<header name="To" value="http://b.example.com/"/>'
    expect(await seen(response + set + READ)).toBe('http://b.example.com/')
  })
})
