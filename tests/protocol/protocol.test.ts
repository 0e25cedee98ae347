// What the RFCs ask of a WebSocket, case by case, of our server, of our client, and through a gateway.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Case, CaseGroup, RawMessage } from './case.ts'
import { controlGroups } from './cases/control.ts'
import { deflateGroups } from './cases/deflate.ts'
import { fragmentGroups } from './cases/fragments.ts'
import { framingGroups } from './cases/framing.ts'
import { utf8Groups } from './cases/utf8.ts'
import type { Outcome } from './raw-end.ts'
import { clientRole, type Role, relayFromBackendRole, relayFromClientRole, serverRole } from './roles.ts'

/** How many cases run at the same time. */
const AT_ONCE = 16

const PLAIN: readonly CaseGroup[] = [...framingGroups, ...controlGroups, ...fragmentGroups, ...utf8Groups]

const ROLES: readonly (readonly [string, () => Promise<Role>])[] = [
  ['our server', serverRole],
  ['our client', clientRole],
  ['through a gateway, from the client', relayFromClientRole],
  ['through a gateway, from the backend', relayFromBackendRole],
]

type Ran = Outcome | Error

/** Runs all cases, several at a time. */
async function runAll(role: Role, cases: readonly Case[], isDeflating: boolean): Promise<Map<Case, Ran>> {
  const ran = new Map<Case, Ran>()
  const left = [...cases]
  const work = async (): Promise<void> => {
    for (let tried = left.shift(); tried; tried = left.shift()) {
      try {
        ran.set(tried, await role.run(tried, isDeflating))
      } catch (error) {
        ran.set(tried, error as Error)
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return ran
}

const shown = ({ data, isBinary }: RawMessage): string =>
  `${isBinary ? 'binary' : 'text'} ${data.length} ${data.length > 200 ? hashOf(data) : data.toString('hex')}`

function hashOf(data: Buffer): string {
  let hash = 7
  for (const byte of data) hash = (Math.imul(hash, 31) + byte) | 0
  return `${hash}`
}

function judge(tried: Case, outcome: Outcome): void {
  expect(outcome.faults).toEqual([])
  expect(outcome.messages.map(shown)).toEqual((tried.messages ?? []).map(shown))
  expect(outcome.close?.code).toBe(tried.close ?? 1000)
  if (tried.reason !== undefined) expect(outcome.close?.reason).toBe(tried.reason)
  if (tried.pongs)
    expect(outcome.pongs.map(data => data.toString('hex'))).toEqual(
      tried.pongs.map(data => data.toString('hex')),
    )
  if (tried.lastPong) expect(outcome.pongs.at(-1)?.toString('hex')).toBe(tried.lastPong.toString('hex'))
  expect(outcome.end).toBe('fin')
}

describe.each(ROLES)('%s', (name, start) => {
  let role: Role
  beforeAll(async () => {
    role = await start()
  })
  afterAll(async () => {
    await role[Symbol.asyncDispose]()
  })

  // A backend is not limited by a service.
  const isTaken = ({ isLimited }: Case): boolean =>
    !isLimited || name !== 'through a gateway, from the backend'

  describe.each([
    ['without compression', false, PLAIN],
    ['with compression', true, [...PLAIN, ...deflateGroups]],
  ] as const)('%s', (_how, isDeflating, groups) => {
    const mine = groups.map(({ group, cases }) => ({
      group,
      cases: cases.filter(
        tried =>
          isTaken(tried) && !(isDeflating ? tried.deflate === 'none' : typeof tried.deflate === 'object'),
      ),
    }))
    let ran: Map<Case, Ran>
    beforeAll(async () => {
      const cases = mine.flatMap(each => each.cases)
      ran = await runAll(role, cases, isDeflating)
    }, 240_000)

    for (const { group, cases } of mine) {
      test.each(cases.map(tried => [tried.name, tried] as const))(`${group}: %s`, (_name, tried) => {
        const outcome = ran.get(tried)!
        if (outcome instanceof Error) throw outcome
        judge(tried, outcome)
      })
    }
  })
})
