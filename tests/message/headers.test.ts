import { expect, test } from 'vitest'
import { Headers } from '../../src/message/headers.ts'

const RAW = ['A', '1', 'Set-Cookie', 'a=1; Expires=Wed, 01 Jan 2031', 'a', '2', 'set-cookie', 'b=2']

test('fields that stand twice become one, but for those that would mean something else', () => {
  const headers = Headers.fromRaw(RAW)
  expect(headers.get('A')).toBe('1, 2')
  expect(headers.get('Set-Cookie')).toBe('a=1; Expires=Wed, 01 Jan 2031, b=2')
  expect(headers.entries()).toEqual([
    { name: 'a', value: '1, 2' },
    { name: 'set-cookie', value: 'a=1; Expires=Wed, 01 Jan 2031, b=2' },
  ])
  expect(headers.fields()).toEqual([
    { name: 'a', value: '1, 2' },
    { name: 'set-cookie', value: 'a=1; Expires=Wed, 01 Jan 2031' },
    { name: 'set-cookie', value: 'b=2' },
  ])
})

test('setting takes the place of all of them, and a copy is of its own', () => {
  const headers = Headers.fromRaw(RAW)
  const copy = new Headers(headers)
  headers.set('Set-Cookie', 'c=3')
  copy.add('Set-Cookie', 'd=4')
  expect(headers.fields().map(({ value }) => value)).toEqual(['1, 2', 'c=3'])
  expect(copy.fields()).toHaveLength(4)
  copy.delete('SET-COOKIE')
  expect(copy.get('Set-Cookie')).toBeUndefined()
})
