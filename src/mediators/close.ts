import { sessionGroups } from '../cluster/groups-of.ts'
import { closeNamed } from '../core/close-names.ts'
import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { GroupClose, Groups } from '../core/groups.ts'
import { type MaybePromise, type Outcome, STOP, type Step, stopAfter } from '../core/step.ts'
import { type Dynamic, dynamic } from '../expressions/expression.ts'
import { mediator } from '../language/declare.ts'
import { attribute } from '../language/field.ts'
import { cutReason, isSendable, MAX_REASON_BYTES } from '../websocket/close-codes.ts'

const ALLOWED = '1000 to 1003, 1007 to 1014, and 3000 to 4999 may be sent'

/** Closes a WebSocket session. */
export const closeMediator = mediator({
  element: 'close',
  summary:
    'Closes the WebSocket client that the message belongs to, with a code and a reason, and ends the message.',
  fields: {
    code: attribute(dynamic, {
      doc: 'Close code, 1000 to 1003, 1007 to 1014 or 3000 to 4999, or its name, such as `PolicyViolation`; `{expression}` computes it. Default 1000.',
    }),
    reason: attribute(dynamic, {
      doc: `Why, up to ${MAX_REASON_BYTES} bytes; \`{expression}\` computes it, and a longer one is cut. Default that of the name, else none.`,
    }),
    session: attribute(dynamic, {
      doc: 'Id of another session that is closed instead; the message goes on then.',
    }),
    group: attribute(dynamic, {
      doc: 'Name of a group whose sessions are closed instead, but for that of the message; the message goes on then.',
    }),
  },
  notes:
    'It may stand in any sequence that a WebSocket client, or a backend of one, has a message in; without a client it is a fault. What was sent before arrives first. In onUpgrade the client is refused with a status: 400 for 1002, 1003 and 1007, 401 for 3000, 413 for 1009, 500 for 1011, 503 for 1001, 1012 and 1013, 502 for 1014, 400 to 599 for 4400 to 4599, and 403 for any other. The names are NormalClosure, GoingAway, ProtocolError, UnsupportedData, InvalidPayload, PolicyViolation, MessageTooBig and InternalServerError.\n\nNot in the original.',
  example: `<close code="1008" reason="{get-property('why')}"/>`,
  check({ code, reason, session, group }, wrong, element) {
    const spanOf = (name: string) =>
      element.attributes.find(each => each.name === name)?.valueSpan ?? element.span
    if (code?.fixed !== undefined && closeOf(code.fixed) === undefined)
      wrong(`attribute code is "${code.fixed}"; expected a close code: ${ALLOWED}.`, {
        code: 'bad-value',
        span: spanOf('code'),
      })
    if (reason?.fixed !== undefined && Buffer.byteLength(reason.fixed) > MAX_REASON_BYTES)
      wrong(
        `attribute reason has ${Buffer.byteLength(reason.fixed)} bytes; expected at most ${MAX_REASON_BYTES}.`,
        {
          code: 'bad-value',
          span: spanOf('reason'),
        },
      )
    if (session && group) wrong('<close> takes a session or a group, not both.', { span: spanOf('group') })
  },
  compile({ code, reason, session, group }, build): Step {
    const closeFor = closing(code, reason)
    if (!session && !group)
      return ctx => {
        if (!ctx.session) throw new Fault(0, 'there is no WebSocket session to close')
        const close = closeFor(ctx)
        ctx.ending = 'answered'
        ctx.session.close(close.code, close.reason)
        return STOP
      }
    const groups = sessionGroups(build)
    return ctx => closeOthers(ctx, groups, { session, group, close: closeFor(ctx) })
  },
})

/** Gives the close for a message; one that is written down is made once. @throws Fault 0 for a code that may not be sent */
function closing(
  code: Dynamic | undefined,
  reason: Dynamic | undefined,
): (ctx: MessageContext) => GroupClose {
  const fixed = code?.fixed ?? (code ? undefined : '1000')
  const usual = fixed === undefined ? undefined : closeOf(fixed)
  if (usual && (!reason || reason.fixed !== undefined)) {
    const close = { code: usual.code, reason: reason?.fixed ?? usual.reason }
    return () => close
  }
  return ctx => {
    const given = usual ?? computed(code!.text(ctx) ?? '')
    return { code: given.code, reason: reason ? cutReason(reason.text(ctx) ?? '') : given.reason }
  }
}

function computed(text: string): GroupClose {
  const close = closeOf(text)
  if (close) return close
  throw new Fault(0, `"${text}" is no close code: ${ALLOWED}`)
}

/** Reads a code, or the name of one; undefined for what may not be sent. */
function closeOf(text: string): GroupClose | undefined {
  const word = text.trim()
  const named = closeNamed(word)
  if (named) return named
  const code = /^\d{4}$/.test(word) ? Number(word) : 0
  return isSendable(code) ? { code, reason: '' } : undefined
}

interface Others {
  readonly session: Dynamic | undefined
  readonly group: Dynamic | undefined
  readonly close: GroupClose
}

/** @throws Fault 0 where the id or the name came out empty */
function closeOthers(ctx: MessageContext, groups: Groups, others: Others): MaybePromise<Outcome> {
  const { session, group, close } = others
  const whom = (session ?? group)!.text(ctx)
  if (!whom) throw new Fault(0, `the ${session ? 'id of a session' : 'name of a group'} came out empty`)
  const own = ctx.session?.id
  if (session && whom === own) {
    ctx.ending = 'answered'
    return stopAfter(groups.close({ id: whom }, close))
  }
  const closed = groups.close(session ? { id: whom } : { group: whom, except: own }, close)
  return closed instanceof Promise ? closed.then(() => undefined) : undefined
}
