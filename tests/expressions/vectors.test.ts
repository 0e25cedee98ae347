import { expect, test } from 'vitest'
import { json } from '../support/mediate.ts'
import { compile, context, logged, refusal } from './support.ts'

const PAYLOAD = '{"n":10,"d":2.50,"a":[1,2,3],"s":"x y","f":true,"z":null,"o":{"k":"v"}}'

function sample() {
  const ctx = context(json(PAYLOAD))
  ctx.variables.set(
    'm',
    new Map([
      ['payload', '{"id":7}'],
      ['attributes', '{"statusCode":201}'],
    ]),
  )
  ctx.properties.set('q', '007')
  ctx.message.headers.set('X-Id', '5')
  return ctx
}

test.each([
  ['json-eval($.n)', '10'],
  ['json-eval($.d)', '2.5'],
  ['json-eval($.a[0])', '1'],
  ['json-eval($.z)', 'null'],
  ['json-eval($.missing)', ''],
  ['json-eval($.a)', '[1,2,3]'],
  ['json-eval($.o)', '{"k":"v"}'],
  ['json-eval($..k)', '["v"]'],
  ['json-eval($..nope)', '[]'],
  ["get-property('nope')", null],
  ['$ctx:nope', null],
  ['count(//jsonObject/a)', '3.0'],
  ["concat(count(//jsonObject/a),'')", '3'],
  ['//jsonObject/s', 'x y'],
  ['boolean(//nope)', 'false'],
  ['${1 + 2 * 3}', '7'],
  ['${9 / 3}', '3'],
  ['${10 / 4}', '2.5'],
  ['${1.0 / 3}', '0.3'],
  ['${payload.n + 10}', '20'],
  ['${payload.a[0] + 1}', '2.0'],
  ['${payload.d * 2}', '5.0'],
  ['${"a" + 1}', ''],
  ['${"a" + string(1)}', 'a1'],
  ['${(payload.n > 5) && (payload.f == true)}', 'true'],
  ['${payload.n > 5 && payload.f}', ''],
  ['${payload.z == null}', 'true'],
  ['${payload.missing == null}', ''],
  ['${exists(payload.missing)}', 'false'],
  ['${exists(payload.z)}', 'false'],
  ['${vars.m.payload.id}', '7'],
  ['${vars.m.attributes.statusCode == 201 ? "ok" : "bad"}', 'ok'],
  ['${props.synapse.q}', '7'],
  ['${headers.X-Id + 1}', '6'],
  ['${payload.a[1:]}', '[2,3]'],
  ['${payload.a[?(@ > 1)]}', '[2,3]'],
  ['${payload.a[-1:]}', '[3]'],
  ['${length(payload.a)}', '3'],
  ['${payload.a.length()}', '3'],
  ['${split("a,b", ",")}', '["a","b"]'],
  ['${round(5.5)}', '6'],
  ['${round(2.345, 2)}', '2.35'],
  ['${ceil(5.2)}', '6.0'],
  ['${pow(2,3)}', '8.0'],
  ['${urlEncode("a b*")}', 'a%20b%2A'],
  ['${not(payload.f)}', 'false'],
  ['${boolean("1")}', 'false'],
])('%s is %j', (source, text) => {
  expect(compile(source).text(sample())).toBe(text)
})

test('a property that is missing is not unequal either', () => {
  expect(compile("get-property('nope') != 'a'").boolean(sample())).toBe(false)
})

test.each(['${5-3}', '${!payload.f}', '${payload.size}'])('%s is refused', source => {
  expect(refusal(source)).toMatch(/^a \$\{…\} expression \(/)
})

test('what has no value is logged as a warning', () => {
  logged()
  compile('${"a" + 1}').text(sample())
  expect(logged()).toEqual([
    'warn {proxy:test} Error evaluating expression: "a" + 1 cause : "+" does not take "a" with 1; string(…) makes text of a value',
  ])
})
