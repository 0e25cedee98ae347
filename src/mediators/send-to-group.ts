import { sessionGroups } from '../cluster/groups-of.ts'
import { Fault } from '../core/fault.ts'
import { dynamic } from '../expressions/expression.ts'
import { mediator } from '../language/declare.ts'
import { attribute } from '../language/field.ts'
import { boolean } from '../language/types.ts'
import { pushStep } from '../sequences/push.ts'
import { fixedNameCheck, groupName } from './group-name.ts'

const RESULT =
  'Afterwards `websocket.group.delivered` says how many sessions it was handed to, `websocket.group.failed.count` how many did not get it because they are leaving or do not read, and `websocket.group.failed` which, by their ids, separated by commas; of more than 1,000 the first. Where several gateway processes work as one, the message goes to the sessions of all of them, and `websocket.group.unanswered` names the processes that did not say in time what became of it, as the setting `myelin.cluster.answer_timeout_ms` has it; `*` where there is no way to others now.'

const WHAT_IS_SENT =
  'What is sent is what `respond` would send: the frame as it came, or the payload in the type that `messageType` says, as text where it is some. A message without a payload is not sent.'

/** Sends the message to all sessions of a group. */
export const sendToGroupMediator = mediator({
  element: 'sendToGroup',
  summary: 'Sends the message to all WebSocket sessions in a group, then goes on.',
  fields: {
    name: attribute(dynamic, { doc: 'Name of the group; `{expression}` computes it.', required: true }),
    includeSelf: attribute(boolean, {
      doc: 'Whether the session the message belongs to gets it too, if it is in the group.',
      default: true,
    }),
    wait: attribute(boolean, {
      doc: 'Whether to wait until the other gateway processes have said what became of the message; without that the result is that of this process alone.',
      default: true,
    }),
  },
  notes: `The message may come from a WebSocket client, a backend, an HTTP caller or a task. ${WHAT_IS_SENT} ${RESULT}\n\nNot in the original.`,
  example: `<sendToGroup name="{get-property('room')}" includeSelf="false"/>`,
  needsContent: () => true,
  check: ({ name }, wrong) => fixedNameCheck(name, wrong),
  compile({ name, includeSelf, wait }, build) {
    const groups = sessionGroups(build)
    return pushStep((ctx, message) =>
      groups.send(groupName(ctx, name), message, includeSelf ? undefined : ctx.session?.id, wait),
    )
  },
})

/** Sends the message to one session. */
export const sendToSessionMediator = mediator({
  element: 'sendToSession',
  summary: 'Sends the message to one WebSocket session, then goes on.',
  fields: {
    id: attribute(dynamic, {
      doc: 'Id of the session, as `websocket.source.channel.identifier` gave it; `{expression}` computes it.',
      required: true,
    }),
  },
  notes: `${WHAT_IS_SENT} ${RESULT} A session that is not there counts as one that did not get it.\n\nNot in the original.`,
  example: `<sendToSession id="{json-eval($.session)}"/>`,
  needsContent: () => true,
  compile({ id }, build) {
    const groups = sessionGroups(build)
    return pushStep((ctx, message) => {
      const session = id.text(ctx)
      if (!session) throw new Fault(0, 'the id of a session came out empty')
      return groups.sendTo(session, message)
    })
  },
})
