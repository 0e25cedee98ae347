import { expect, test } from 'vitest'
import { json, mediate } from '../support/mediate.ts'

const run = (mediator: string) =>
  mediate('<sequence key="throws"/>', json({ why: 'too late' }), {
    artifacts: [
      `<sequence name="throws" onError="failed">${mediator}</sequence>`,
      `<sequence name="failed"><property name="code" expression="$ctx:ERROR_CODE"/><property name="why" expression="$ctx:ERROR_MESSAGE"/></sequence>`,
    ],
  })

test.each([
  ['<throwError/>', 'ANY', 'Error occurred in the mediation flow'],
  ['<throwError type="HTTP:TIMEOUT" errorMessage="too slow"/>', 'HTTP:TIMEOUT', 'too slow'],
  ['<throwError type="LATE" errorMessage="{json-eval($.why)}"/>', 'LATE', 'too late'],
  ['<throwError errorMessage="{$ctx:none}"/>', 'ANY', 'Error occurred in the mediation flow'],
])('%s runs the fault sequence', async (mediator, code, why) => {
  const ctx = await run(mediator)
  expect(ctx.properties.get('code')).toBe(code)
  expect(ctx.properties.get('why')).toBe(why)
})
