import { describe, expect, test } from 'vitest'
import { UriTemplate } from '../../src/proxy/uri-template.ts'

function match(template: string, target: string): Record<string, string> | undefined {
  const found = UriTemplate.parse(template).match(target)
  return found && Object.fromEntries(found)
}

describe('a template takes', () => {
  test.each<[template: string, target: string, variables: Record<string, string>]>([
    ['/', '/', {}],
    ['/orders', '/orders', {}],
    ['/orders', '/orders/', {}],
    ['/orders/', '/orders', {}],
    ['/orders', '/orders?page=2', {}],
    ['/orders/{id}', '/orders/7', { id: '7' }],
    ['/orders/{id}', '/orders/7/?all', { id: '7' }],
    ['/orders/{id}', '/orders/caf%C3%A9%2Fbar', { id: 'café/bar' }],
    ['/orders/{id}', '/orders/%zz', { id: '%zz' }],
    ['/orders/{id}', '/orders/a.b-c_d~e', { id: 'a.b-c_d~e' }],
    ['/files/{name}.json', '/files/a.json.json', { name: 'a.json' }],
    ['/{a}/x/{b}', '/1/x/2', { a: '1', b: '2' }],
    ['/{a}-{b}', '/1-2-3', { a: '1', b: '2-3' }],
    ['/same/{a}/{a}', '/same/1/1', { a: '1' }],
    ['/at/{x,y}', '/at/1,2', { x: '1', y: '2' }],
    ['/to/{+path}', '/to/a/b;c=d', { path: 'a/b;c=d' }],
    ['/to/{+path}/end', '/to/a/b/end', { path: 'a/b' }],
    ['/page{#part}', '/page#top', { part: 'top' }],
    ['/file{.ext}', '/file.tar', { ext: 'tar' }],
    ['/file{.ext}', '/file', {}],
    ['/a{/b}', '/a/c', { b: 'c' }],
    ['/a{/b,c}', '/a/1/2', { b: '1', c: '2' }],
    ['/iso/{code:2}', '/iso/de', { code: 'de' }],
    ['/iso/{code:2}{rest}', '/iso/deAT', { code: 'de', rest: 'AT' }],
    ['/q?a={a}&b={b}', '/q?a=1&b=', { a: '1', b: '' }],
    ['/q?a={+a}&b={+b}', '/q?a=&b=x/y', { a: '', b: 'x/y' }],
    ['/*', '/', {}],
    ['/*', '/any/thing?at=all', {}],
    ['/view/*', '/view', {}],
    ['/view/*', '/view/a/b', {}],
    ['/person*', '/person', {}],
    ['/person*', '/persons/7', {}],
    ['/item/{n}?*', '/item/7?a=b', { n: '7' }],
    ['/item/{n}?*', '/item/7', { n: '7' }],
    ['/item/{n}/*', '/item/7', { n: '7' }],
    ['/item/{n}/*', '/item/7/a/b', { n: '7' }],
  ])('%s takes %s', (template, target, variables) => {
    expect(match(template, target)).toEqual(variables)
  })
})

test.each([
  ['/', '/orders'],
  ['/orders', '/order'],
  ['/orders', '/orders/7'],
  ['/orders/{id}', '/orders'],
  ['/orders/{id}', '/orders/'],
  ['/orders/{id}', '/orders/a/b'],
  ['/orders/{id}', '/orders/a;b'],
  ['/orders/{id}', '/orders/a,b'],
  ['/same/{a}/{a}', '/same/1/2'],
  ['/at/{x,y}', '/at/1'],
  ['/iso/{code:2}', '/iso/deu'],
  ['/iso/{code:2}', '/iso/d'],
  ['/q?a={a}', '/q'],
  ['/q?a={a}', '/q?b=1'],
  ['/view/*', '/viewer'],
])('%s does not take %s', (template, target) => {
  expect(match(template, target)).toBeUndefined()
})

test.each([
  ['{id}', 'a template that starts with /, such as /orders/{id}'],
  ['', 'a template that starts with /, such as /orders/{id}'],
  ['/a{', 'a template with a } for every {'],
  ['/a}', 'a template with a { for every }'],
  ['/a{}', 'a template without {}'],
  ['/a{?b}', 'a template without {?b}'],
  ['/a?x=1{&b}', 'a template without {&b}'],
  ['/a{b:0}', 'a template without {b:0}'],
])('%s is refused', (template, expected) => {
  expect(() => UriTemplate.parse(template)).toThrow(expected)
})

test('a path made to keep it busy is soon refused', () => {
  const template = UriTemplate.parse('/{a}-{b}-{c}-{d}-{e}-{f}-x')
  const startedMs = performance.now()
  for (let i = 0; i < 100; i++) expect(template.match(`/${'-'.repeat(16_000)}`)).toBeUndefined()
  expect(performance.now() - startedMs).toBeLessThan(2_000)
})
