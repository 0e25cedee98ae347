import type { DialError } from '../websocket/dial.ts'
import type { Capture, ConnectionItem, Expectation } from './collection.ts'
import { Conversation, endText, type Received } from './conversation.ts'
import type { OpenCollection } from './open-collection.ts'
import type { Variables } from './variables.ts'
import { mismatch, takeOut } from './verdict.ts'

/** What became of one message, or of connecting. */
export interface StepResult {
  readonly name: string
  /** Undefined where all was as expected. */
  readonly failure: string | undefined
  readonly durationMs: number
}

/** What became of the messages of one connection. */
export interface ConnectionResult {
  /** The path of its folders and its name. */
  readonly path: string
  readonly startedAt: Date
  readonly durationMs: number
  readonly steps: readonly StepResult[]
}

/** How long what is captured may take where nothing is expected. */
const CAPTURE_WITHIN_MS = 5_000
const CLOSE_WITHIN_MS = 5_000
/** How much of the answer of a server that refuses is told. */
const SHOWN_CHARACTERS = 1_000

/** Opens a connection, sends its messages in order, and looks at what comes. What is captured stays in the variables. */
export async function runConnection(
  open: OpenCollection,
  path: string,
  connection: ConnectionItem,
): Promise<ConnectionResult> {
  const startedAt = new Date()
  const start = performance.now()
  const steps: StepResult[] = []
  const timed = async (name: string, step: () => Promise<void>): Promise<boolean> => {
    const from = performance.now()
    const failure = await step().then(
      () => undefined,
      (error: Error) => open.variables.masked(error.message),
    )
    steps.push({ name, failure, durationMs: performance.now() - from })
    return failure === undefined
  }
  let conversation: Conversation | undefined
  const isOpen = await timed('connect', async () => {
    conversation = await begin(open, connection)
    await observe(conversation, connection, open.variables, open.folder)
  })
  for (const message of isOpen ? (connection.messages ?? []) : [])
    await timed(message.name, async () => {
      await conversation!.send(await open.outgoing(message), message.name)
      await observe(conversation!, message, open.variables, open.folder)
      if (message.kind === 'close' && message.expect.length === 0) await ended(conversation!)
    })
  conversation?.close(1000)
  if (conversation) await conversation.closed
  return { path, startedAt, durationMs: performance.now() - start, steps }
}

async function begin(open: OpenCollection, connection: ConnectionItem): Promise<Conversation> {
  const plan = open.plan(connection)
  const conversation = Conversation.begin(plan)
  try {
    return await conversation.opened
  } catch (error) {
    const { message } = error as DialError
    const { failure } = conversation.rows.findLast(({ kind }) => kind === 'failure')!
    const { step, elapsedMs, fix, body = '' } = failure!
    const about = `step ${step}, after ${Math.round(elapsedMs)} ms${fix && `; ${fix}`}`
    const said = body.trim().slice(0, SHOWN_CHARACTERS)
    throw new Error(`cannot connect to ${plan.url}: ${message} (${about})${said && `; it said: ${said}`}`)
  }
}

/** What is expected to come, and captured. */
export interface Observed {
  readonly expect: readonly Expectation[]
  readonly capture: readonly Capture[]
}

/** Looks at what comes, and gives the last of it. @throws Error with what is not as expected */
export async function observe(
  conversation: Conversation,
  { expect, capture }: Observed,
  variables: Variables,
  folder: string,
): Promise<Received | undefined> {
  let received: Received | undefined
  const start = performance.now()
  for (const expectation of expect)
    received = await awaited(conversation, expectation, start, variables, folder)
  if (capture.length === 0) return received
  received ??= await conversation.next(CAPTURE_WITHIN_MS)
  if (!received) throw new Error(`no message came within ${CAPTURE_WITHIN_MS} ms to capture from`)
  takeOut(capture, received, variables)
  return received
}

async function awaited(
  conversation: Conversation,
  expectation: Expectation,
  start: number,
  variables: Variables,
  folder: string,
): Promise<Received> {
  const { withinMs, skipsOthers } = expectation
  const what = expectation.close === undefined ? 'message' : 'close'
  let passed = ''
  for (;;) {
    const received = await conversation.next(withinMs - (performance.now() - start))
    if (!received && conversation.end) throw new Error(`no ${what} came: ${endText(conversation.end)}`)
    if (!received)
      throw new Error(`no ${what} came within ${withinMs} ms${passed && `; the last one: ${passed}`}`)
    // The connection is opened again.
    if (received.kind === 'close' && expectation.close === undefined && !conversation.end) continue
    const failure = mismatch(expectation, received, variables, folder)
    if (failure === undefined) return received
    if (!skipsOthers || received.kind === 'close') throw new Error(failure)
    passed = failure
  }
}

async function ended(conversation: Conversation): Promise<void> {
  const deadline = performance.now() + CLOSE_WITHIN_MS
  for (;;) {
    const received = await conversation.next(deadline - performance.now())
    if (!received) throw new Error(`the server did not close within ${CLOSE_WITHIN_MS} ms`)
    if (received.kind !== 'close') continue
    if (received.code === 1006) throw new Error(endText(received))
    return
  }
}
