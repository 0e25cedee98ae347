import type { MockBackend } from './backends.ts'
import { bodyProblem, headerProblem, presenceProblem } from './body.ts'
import type { BodyMatcher, HeaderMatcher, StepSpec } from './case.ts'
import { type HttpRequest, type HttpResponse, send } from './http-client.ts'
import type { CaseLog, LogExpectation } from './log.ts'
import { excerpt, pause, Unmet, until } from './until.ts'
import { CaseConnection, type WebSocketStep } from './websocket-client.ts'

const DEFAULT_WITHIN_MS = 10_000
/** How long a number that was reached must not be exceeded. */
const SETTLE_MS = 300

/** What the steps of one case share. */
export interface Scene {
  readonly httpPort: number
  readonly log: CaseLog
  readonly backends: ReadonlyMap<string, MockBackend>
  readonly connections: Map<string, CaseConnection>
  readonly saved: Map<string, string>
}

interface RequestSpec {
  readonly method?: string
  readonly path?: string
  readonly url?: string
  readonly headers?: Readonly<Record<string, string | number>>
  readonly body?: string
}

interface ResponseExpectation {
  readonly status?: number
  readonly status_in?: readonly number[]
  readonly headers?: HeaderMatcher
  readonly headers_absent?: readonly string[]
  readonly body?: BodyMatcher
  readonly within_ms?: number
}

type Performer = (step: never, scene: Scene) => Promise<void>

const performers: Readonly<Record<string, Performer>> = {
  request: performRequest,
  ws: performWebSocket,
  expect_log: expectLog,
  expect_backend: expectBackend,
  wait_ms: ({ wait_ms }: { wait_ms: number }) => pause(wait_ms),
  start_backend: ({ start_backend }: { start_backend: string }, scene) =>
    backend(start_backend, scene).start(),
  stop_backend: ({ stop_backend }: { stop_backend: string }, scene) => backend(stop_backend, scene).stop(),
}

/** Does what one step says. @throws Unmet when what it expects does not come */
export async function perform(step: StepSpec, scene: Scene): Promise<void> {
  const name = nameOf(step)
  const performer = performers[name]
  if (!performer) throw new Unmet(`there is no step ${name}`)
  await performer(step as never, scene)
}

/** What a step is called. */
export function nameOf(step: StepSpec): string {
  const keys = Object.keys(step)
  return keys.find(key => Object.hasOwn(performers, key)) ?? keys.join(', ')
}

async function performRequest(
  step: { request: RequestSpec; expect?: ResponseExpectation; repeat?: number; save?: string },
  scene: Scene,
): Promise<void> {
  const { request, expect = {}, repeat = 1, save } = step
  for (let round = 1; round <= repeat; round++) {
    const response = await send(toRequest(request, scene), expect.within_ms ?? DEFAULT_WITHIN_MS)
    const problem = responseProblem(expect, response, scene)
    if (problem !== undefined) {
      const which = repeat > 1 ? ` (request ${round} of ${repeat})` : ''
      throw new Unmet(`${request.method ?? 'GET'} ${request.path ?? request.url}${which}: ${problem}`)
    }
    if (save !== undefined) scene.saved.set(save, response.body)
  }
}

function toRequest(
  { method = 'GET', path, url, headers = {}, body }: RequestSpec,
  { httpPort }: Scene,
): HttpRequest {
  const [, origin, rest] = /^(https?:\/\/[^/?#]+)(.*)$/s.exec(url ?? '') ?? []
  if (url !== undefined && origin === undefined) throw new Unmet(`${url} is no HTTP address`)
  const target = (origin === undefined ? path : rest) || '/'
  return {
    method,
    origin: origin ?? `http://localhost:${httpPort}`,
    target: target.startsWith('?') ? `/${target}` : target,
    headers,
    body,
  }
}

function responseProblem(
  { status, status_in, headers = {}, headers_absent = [], body = {} }: ResponseExpectation,
  response: HttpResponse,
  { saved }: Scene,
): string | undefined {
  const wanted = status === undefined ? status_in : [status]
  if (wanted && !wanted.includes(response.status)) {
    return `expected status ${wanted.join(' or ')}, got ${response.status} ${excerpt(response.body)}`
  }
  return (
    headerProblem(headers, response.headers) ??
    presenceProblem(headers_absent, response.headers, 'absent') ??
    bodyProblem(body, response.body, saved)
  )
}

async function performWebSocket({ ws }: { ws: WebSocketStep }, scene: Scene): Promise<void> {
  const { id, connect } = ws
  if (connect !== undefined) {
    scene.connections.get(id)?.cut()
    const connection = new CaseConnection(connect, ws)
    scene.connections.set(id, connection)
    await connection.opened(ws.expect ?? {})
    return
  }
  const connection = scene.connections.get(id)
  if (!connection) throw new Unmet(`there is no connection ${id}`)
  try {
    await connection.perform(ws, scene.saved)
  } catch (error) {
    throw new Unmet(`connection ${id}: ${(error as Error).message}`)
  }
}

async function expectLog(
  { expect_log: expected }: { expect_log: LogExpectation },
  { log }: Scene,
): Promise<void> {
  await until(expected.within_ms ?? DEFAULT_WITHIN_MS, () => log.problem(expected))
  if (expected.count !== undefined || expected.absent !== undefined) await pause(SETTLE_MS)
  const problem = log.problem(expected) ?? log.presenceProblem(expected)
  if (problem !== undefined) throw new Unmet(problem)
}

interface BackendExpectation extends Readonly<Record<string, unknown>> {
  readonly backend: string
  readonly within_ms?: number
}

async function expectBackend(
  { expect_backend: step }: { expect_backend: BackendExpectation },
  scene: Scene,
): Promise<void> {
  const { backend: name, within_ms = DEFAULT_WITHIN_MS, ...expected } = step
  const target = backend(name, scene)
  try {
    await until(within_ms, () => target.problem(expected, scene.saved))
    if (Object.values(expected).some(value => typeof value === 'number')) await pause(SETTLE_MS)
    const problem = target.problem(expected, scene.saved)
    if (problem !== undefined) throw new Unmet(problem)
  } catch (error) {
    throw new Unmet(`backend ${name}: ${(error as Error).message}`)
  }
}

function backend(name: string, { backends }: Scene): MockBackend {
  const found = backends.get(name)
  if (!found) throw new Unmet(`there is no backend ${name}`)
  return found
}
