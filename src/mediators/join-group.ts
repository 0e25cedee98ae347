import { sessionGroups } from '../cluster/groups-of.ts'
import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import { type Dynamic, dynamic } from '../expressions/expression.ts'
import { mediator } from '../language/declare.ts'
import { attribute } from '../language/field.ts'
import { fixedNameCheck, groupName } from './group-name.ts'

const session = attribute(dynamic, {
  doc: 'Id of the session, as `websocket.source.channel.identifier` gives it; `{expression}` computes it. Default the session the message belongs to.',
})

/** Puts a session into a group. */
export const joinGroupMediator = mediator({
  element: 'joinGroup',
  summary: 'Puts a WebSocket session into a group, which `sendToGroup` sends to.',
  fields: {
    name: attribute(dynamic, {
      doc: 'Name of the group, up to 256 characters; `{expression}` computes it.',
      required: true,
    }),
    session,
  },
  notes:
    'A group is there while somebody is in it. A session leaves its groups when it ends, and may be in as many at a time as the setting `transport.ws.groups.max_per_session` says; one more is a fault. Groups are those of all gateway processes that work as one, all inbound endpoints together; a session of another process that does not say in time whether it joined is a fault. A session that has ended joins nothing.\n\nNot in the original.',
  example: `<joinGroup name="{get-property('room')}"/>`,
  check: ({ name }, wrong) => fixedNameCheck(name, wrong),
  compile({ name, session }, build) {
    const groups = sessionGroups(build)
    return ctx => {
      const joined = groups.join(sessionOf(ctx, session), groupName(ctx, name))
      return joined instanceof Promise ? joined.then(nothing) : undefined
    }
  },
})

/** Takes a session out of a group. */
export const leaveGroupMediator = mediator({
  element: 'leaveGroup',
  summary: 'Takes a WebSocket session out of a group.',
  fields: {
    name: attribute(dynamic, {
      doc: 'Name of the group; `{expression}` computes it.',
      required: true,
    }),
    session,
  },
  notes: 'One that is not in the group is left as it is.\n\nNot in the original.',
  example: `<leaveGroup name="{get-property('room')}"/>`,
  check: ({ name }, wrong) => fixedNameCheck(name, wrong),
  compile({ name, session }, build) {
    const groups = sessionGroups(build)
    return ctx => {
      const left = groups.leave(sessionOf(ctx, session), groupName(ctx, name))
      return left instanceof Promise ? left.then(nothing) : undefined
    }
  },
})

/** @throws Fault 0 where the message belongs to no session and none is named */
function sessionOf(ctx: MessageContext, session: Dynamic | undefined): string {
  const id = session ? session.text(ctx) : ctx.session?.id
  if (!id) throw new Fault(0, 'there is no WebSocket session to be in a group')
  return id
}

function nothing(): void {}
