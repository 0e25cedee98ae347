import { expect, test } from 'vitest'
import { UriTemplate } from '../../src/endpoints/uri-template.ts'

const VALUES: Readonly<Record<string, string>> = {
  'uri.var.id': 'a b/c',
  'uri.var.base': 'http://localhost:1/x?y=1',
  'uri.var.plus': '1+1=2&3',
  'uri.var.word': 'größe',
  'uri.var.done': 'a%20b',
  empty: '',
  x: '1024',
  y: '768',
}

test.each([
  ['http://h/p', 'http://h/p'],
  ['http://h/{uri.var.id}', 'http://h/a%20b%2Fc'],
  ['http://h/{+uri.var.id}', 'http://h/a%20b/c'],
  ['http://h/?q={uri.var.plus}', 'http://h/?q=1%2B1%3D2%263'],
  ['http://h/{uri.var.word}', 'http://h/gr%C3%B6%C3%9Fe'],
  ['http://h/{uri.var.none}/end', 'http://h//end'],
  ['{uri.var.base}/{uri.var.id}', 'http://localhost:1/x?y=1/a%20b%2Fc'],
  ['{+uri.var.base}', 'http://localhost:1/x?y=1'],
  ['http://h/{+uri.var.done}', 'http://h/a%20b'],
  ['http://h/{uri.var.done}', 'http://h/a%2520b'],
  ['http://h{/x,y}', 'http://h/1024/768'],
  ['http://h{?x,y}', 'http://h?x=1024&y=768'],
  ['http://h?a=b{&x,empty}', 'http://h?a=b&x=1024&empty='],
  ['http://h{;x,empty}', 'http://h;x=1024;empty'],
  ['http://h{#x,y}', 'http://h#1024,768'],
  ['http://h{.x}', 'http://h.1024'],
  ['http://h/{x:2}', 'http://h/10'],
  ['http://h{?none}', 'http://h'],
  ['http://h/${messageId}', 'http://h/$'],
  ['legacy-encoding:{uri.var.base}&z={uri.var.id}', 'http://localhost:1/x?y=1&z=a%20b/c'],
  ['legacy-encoding:http://h/{uri.var.done}', 'http://h/a%20b'],
])('%s is %s', (template, address) => {
  expect(new UriTemplate(template).expand(name => VALUES[name])).toBe(address)
})

test('a value that is no well-formed text does not break it', () => {
  expect(new UriTemplate('http://h/{v}').expand(() => 'a\ud800')).toBe('http://h/a%EF%BF%BD')
})
