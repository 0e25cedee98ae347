import type { Answer, RouteSpec } from './case.ts'
import {
  type Answering,
  type HttpAnswer,
  originForm,
  type RecordedRequest,
  withoutQuery,
} from './http-backend.ts'

/** Answers by routes: the first that fits; 404 with an empty body where none does. */
export function answerRoutes(routes: readonly RouteSpec[]): Answering {
  const counts = new Map<RouteSpec, number>()
  return request => {
    const path = withoutQuery(originForm(request.rawTarget))
    const route = routes.find(
      each =>
        (each.method === '*' || each.method === request.method) && (each.path === '*' || each.path === path),
    )
    if (!route) return { status: 404 }
    const count = (counts.get(route) ?? 0) + 1
    counts.set(route, count)
    return toAnswer(answerOf(route, count), count, request)
  }
}

function answerOf({ respond, respond_sequence: sequence }: RouteSpec, count: number): Answer {
  return sequence?.[Math.min(count, sequence.length) - 1] ?? respond ?? {}
}

function toAnswer(answer: Answer, count: number, { bytes, headers }: RecordedRequest): HttpAnswer {
  const { status = 200, body, delay_ms: delayMs, echo } = answer
  const type = headers['content-type']
  return {
    status,
    delayMs,
    headers: { ...(echo && type !== undefined && { 'Content-Type': type }), ...answer.headers },
    body: echo ? bytes : body?.replaceAll('{{count}}', String(count)),
  }
}
