import type { RecordedConversation, RecordedEvent } from '../core/recorded-conversation.ts'
import { type RecordedAnswer, turnsOf } from '../core/recorded-turns.ts'
import type { Span } from '../language/source.ts'
import type { Auth, ClientMessage, Collection, ConnectionItem, Expectation, Param } from './collection.ts'
import { FreeNames, madeConnection, madeMessage, madeParam } from './made-items.ts'

/** How saved conversations become a collection. */
export interface HarImportOptions {
  readonly name: string
  /** Whether cookies and other credentials are kept. */
  readonly withSecrets: boolean
  /** Whether messages expect the answers they had. */
  readonly withAnswers: boolean
}

/** A collection that was made of something else, and what was left out. */
export interface Imported {
  readonly collection: Collection
  readonly notes: readonly string[]
}

const CREDENTIALS = /^(?:cookie|authorization|proxy-authorization|x-api-key|x-auth-token)$/i
const LONGEST_NAME = 40

/** Makes a collection of saved conversations: a connection each, with what the client said. */
export function importRecorded(
  conversations: readonly RecordedConversation[],
  options: HarImportOptions,
  span: Span,
): Imported {
  const notes: string[] = []
  const names = new FreeNames()
  const items = conversations.map(each => connectionOf(each, names, { options, span, notes }))
  const collection = { name: options.name, variables: [], environments: [], items, folders: [] }
  return { collection, notes }
}

interface Around {
  readonly options: HarImportOptions
  readonly span: Span
  readonly notes: string[]
}

function connectionOf(recorded: RecordedConversation, names: FreeNames, around: Around): ConnectionItem {
  const { url, headers, offered } = recorded
  const { options, span } = around
  const { auth, rest } = credentialsOf(headers, around)
  const { pathname, host } = URL.parse(url) ?? { pathname: url, host: '' }
  const { greeting, turns } = turnsOf(recorded)
  const free = new FreeNames()
  const messages = turns.map(({ event, answers }) => messageOf(event, answers, free, around))
  const close = recorded.events.find(({ kind }) => kind === 'close')
  if (close?.isSent)
    messages.push(
      madeMessage(
        { name: free.take('close'), kind: 'close', content: close.reason, code: closeCode(close.code) },
        span,
      ),
    )
  return madeConnection(
    {
      name: names.take(pathname === '/' ? host : pathname.slice(1)),
      url,
      ...(auth && { auth }),
      ...(rest.length > 0 && { headers: rest }),
      ...(offered.length > 0 && { subprotocols: offered.map(each => madeParam(each)) }),
      messages,
      expect: options.withAnswers ? expectations(greeting, span) : [],
    },
    span,
  )
}

function closeCode(code: number): number {
  return code === 1005 || code === 1006 ? 1000 : code
}

function credentialsOf(
  headers: RecordedConversation['headers'],
  { options: { withSecrets }, notes }: Around,
): { readonly auth: Auth | undefined; readonly rest: Param[] } {
  let auth: Auth | undefined
  const rest = headers.flatMap(([name, value]): Param[] => {
    if (!CREDENTIALS.test(name)) return [madeParam(name, value)]
    const bearer = /^Bearer (.+)$/i.exec(value)?.[1]
    if (/^authorization$/i.test(name) && bearer !== undefined) {
      auth = { kind: 'bearer', token: bearer }
      return []
    }
    if (withSecrets) return [madeParam(name, value)]
    notes.push(`the header ${name} is left out; --with-secrets keeps it`)
    return []
  })
  return { auth, rest }
}

function messageOf(
  event: RecordedEvent,
  answers: readonly RecordedAnswer[],
  names: FreeNames,
  { options, span }: Around,
): ClientMessage {
  const isText = event.kind === 'text'
  const content = isText ? event.data.toString() : event.data.toString('base64')
  return madeMessage(
    {
      name: names.take(event.name ?? nameOf(event)),
      kind: isText ? 'text' : 'binary',
      content,
      ...(!isText && { encoding: 'base64' }),
      expect: options.withAnswers ? expectations(answers, span) : [],
    },
    span,
  )
}

function nameOf({ kind, data }: RecordedEvent): string {
  if (kind === 'binary') return `${data.length} bytes`
  const text = data.toString().replace(/\s+/g, ' ').trim()
  if (text === '') return 'empty'
  return text.length <= LONGEST_NAME ? text : `${text.slice(0, LONGEST_NAME - 1)}…`
}

function expectations(answers: readonly RecordedAnswer[], span: Span): Expectation[] {
  return answers.flatMap(({ event: { kind, data, code, reason } }): Expectation[] => {
    const usual = { withinMs: 5_000, skipsOthers: false, span }
    if (kind === 'text') return [{ ...usual, kind, equals: data.toString() }]
    if (kind === 'binary') return [{ ...usual, kind }]
    return [{ ...usual, close: code, ...(reason !== '' && { reason }) }]
  })
}
