import { describe, expect, test } from 'vitest'
import type { GroupMember, PushedMessage } from '../../src/core/groups.ts'
import { SessionGroups } from '../../src/sequences/session-groups.ts'
import { PreparedFrame } from '../../src/websocket/prepared-frame.ts'
import { findings, json, mediate } from '../support/mediate.ts'

class Member implements GroupMember {
  readonly id: string
  readonly got: string[] = []
  readonly #takes: boolean

  constructor(id: string, takes = true) {
    this.id = id
    this.#takes = takes
  }

  push({ data }: PushedMessage): boolean {
    if (this.#takes) this.got.push(data.toString())
    return this.#takes
  }
}

const hello = new PreparedFrame(Buffer.from('hello'), false)

function groupsOf(...members: Member[]): SessionGroups {
  const groups = new SessionGroups(100)
  for (const member of members) groups.begin(member)
  return groups
}

describe('the registry', () => {
  test('tells how many got a message, and who did not', () => {
    const [ann, bob, cat] = [new Member('ann'), new Member('bob', false), new Member('cat')]
    const groups = groupsOf(ann, bob, cat)
    for (const id of ['ann', 'bob', 'cat']) groups.join(id, 'red')

    expect(groups.send('red', hello)).toEqual({ delivered: 2, failed: ['bob'] })
    expect(groups.send('red', hello, 'ann')).toEqual({ delivered: 1, failed: ['bob'] })
    expect(groups.send('blue', hello)).toEqual({ delivered: 0, failed: [] })
    expect(groups.sendTo('cat', hello)).toEqual({ delivered: 1, failed: [] })
    expect(groups.sendTo('bob', hello)).toEqual({ delivered: 0, failed: ['bob'] })
  })

  test('keeps nothing of groups that nobody is in, nor of sessions that have ended', () => {
    const ann = new Member('ann')
    const groups = groupsOf(ann)
    groups.join('ann', 'red')
    groups.join('ann', 'blue')
    expect(groups.size).toBe(2)
    groups.leave('ann', 'red')
    expect(groups.size).toBe(1)
    groups.end(ann)

    expect(groups.size).toBe(0)
    expect(groups.join('ann', 'red')).toBe(false)
    expect(groups.size).toBe(0)
  })

  test('the end of a session does not end another one with its id', () => {
    const [before, after] = [new Member('ann'), new Member('ann')]
    const groups = groupsOf(before, after)
    groups.join('ann', 'red')
    groups.end(before)

    expect(groups.send('red', hello).delivered).toBe(1)
    expect(after.got).toEqual(['hello'])
  })

  test('a member that ends while a message is sent does not keep the others from it', () => {
    const bob = new Member('bob')
    const groups = new SessionGroups(0)
    const ann: GroupMember = {
      id: 'ann',
      push() {
        groups.end(ann)
        return false
      },
    }
    for (const member of [ann, bob]) {
      groups.begin(member)
      groups.join(member.id, 'red')
    }

    expect(groups.send('red', hello)).toEqual({ delivered: 1, failed: ['ann'] })
  })
})

describe('the mediators', () => {
  test('a message of nobody’s session is sent on, and the result is in its properties', async () => {
    const ctx = await mediate('<sendToGroup name="red"/><sendToSession id="ann"/>', json({ a: 1 }))

    expect(ctx.ending).toBe('discarded')
    expect(ctx.properties.get('websocket.group.delivered')).toBe(0)
    expect(ctx.properties.get('websocket.group.failed')).toBe('ann')
    expect(ctx.properties.get('websocket.group.failed.count')).toBe(1)
  })

  test('an id that came out empty is a fault', async () => {
    const ctx = await mediate(`<sendToSession id="{get-property('nobody')}"/>`, json({ a: 1 }))

    expect(ctx.ending).toBe('faulted')
    expect(ctx.fault?.message).toBe('the id of a session came out empty')
  })

  test('a message without a payload is not sent', async () => {
    const ctx = await mediate('<sendToSession id="ann"/>')

    expect(ctx.properties.get('websocket.group.failed')).toBe('')
  })

  test.each([
    ['<joinGroup/>', 'missing: <joinGroup> needs attribute name.'],
    ['<joinGroup name=" "/>', 'bad-value: Attribute name is empty; expected the name of a group.'],
    [
      `<sendToGroup name="${'x'.repeat(257)}"/>`,
      'bad-value: Attribute name has 257 characters; a group has a name of at most 256.',
    ],
    [
      '<sendToGroup name="a" includeself="false"/>',
      'unknown-attribute: <sendToGroup> has no attribute includeself. Did you mean includeSelf?',
    ],
    ['<sendToSession/>', 'missing: <sendToSession> needs attribute id.'],
    ['<leaveGroups name="a"/>', 'unknown-mediator: <leaveGroups> is no mediator. Did you mean leaveGroup?'],
  ])('%s', (fragment, finding) => {
    expect(findings(fragment)).toEqual([finding])
  })
})
