import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Dynamic } from '../expressions/expression.ts'
import type { Wrong } from '../language/declare.ts'
import { MAX_GROUP_NAME } from '../sequences/session-groups.ts'

/** Gives the name of a group for a message. @throws Fault 0 when it came out empty */
export function groupName(ctx: MessageContext, name: Dynamic): string {
  const computed = name.fixed ?? name.text(ctx)
  if (!computed) throw new Fault(0, 'the name of a group came out empty')
  return computed
}

/** Reports a name that is written down and can be none. */
export function fixedNameCheck({ fixed }: Dynamic, wrong: Wrong): void {
  if (fixed === undefined) return
  if (fixed.trim() === '')
    wrong('Attribute name is empty; expected the name of a group.', { code: 'bad-value' })
  if (fixed.length > MAX_GROUP_NAME)
    wrong(`Attribute name has ${fixed.length} characters; a group has a name of at most ${MAX_GROUP_NAME}.`, {
      code: 'bad-value',
    })
}
