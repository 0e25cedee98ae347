import { type ArchiveMessage, archiveMessage, archiveText } from './archive-text.ts'
import { connectionsOf } from './collection.ts'
import type { OpenCollection } from './open-collection.ts'

/**
 * Writes the connections of a collection as an HTTP archive: what each would send, filled in.
 * @throws Error with what is wrong with a connection or a message
 */
export async function collectionArchive(open: OpenCollection, version: string): Promise<string> {
  const now = Date.now()
  const entries = []
  for (const { connection } of connectionsOf(open.collection)) {
    const { url, options } = open.plan(connection, 'show')
    const messages: ArchiveMessage[] = []
    for (const message of connection.messages ?? []) {
      const outgoing = await open.outgoing(message)
      if (outgoing.kind !== 'text' && outgoing.kind !== 'binary') continue
      const { kind, data } = outgoing
      messages.push(
        archiveMessage(kind, true, now, kind === 'text' ? open.variables.masked(data.toString()) : data),
      )
    }
    const { headers = {}, subprotocols = [] } = options
    const own = Object.entries(headers).map(
      ([name, value]) =>
        [name, open.variables.masked(Array.isArray(value) ? value.join(', ') : value)] as const,
    )
    const offered =
      subprotocols.length > 0 ? [['Sec-WebSocket-Protocol', subprotocols.join(', ')] as const] : []
    entries.push({
      url: open.variables.masked(url),
      startedAt: now,
      elapsedMs: 0,
      isOpen: false,
      requestHeaders: [...own, ...offered],
      responseHeaders: [],
      messages,
    })
  }
  return archiveText(entries, version)
}
