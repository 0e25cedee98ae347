import type {
  Auth,
  ClientMessage,
  Collection,
  CompressionItem,
  ConnectionItem,
  Environment,
  Extra,
  Folder,
  Item,
  Param,
  Variable,
} from './collection.ts'

/** An object of a Pororoca file. */
export type Fields = Readonly<Record<string, unknown>>

/** A file for Pororoca, and what it cannot say. */
export interface PororocaFile {
  readonly content: Fields
  readonly notes: readonly string[]
}

/** Writes a collection as Pororoca does (`schema: "Pororoca/1"`). */
export function exportPororoca(collection: Collection): PororocaFile {
  const notes: string[] = []
  const { name, id, createdAt, variables, environments, auth, headers } = collection
  const content = {
    schema: 'Pororoca/1',
    id,
    name,
    createdAt,
    variables: variables.map(exportVariable),
    collectionScopedAuth: auth && exportAuth(auth),
    collectionScopedRequestHeaders: headers?.map(exportParam),
    environments: environments.map(exportEnvironment),
    folders: collection.folders.map(folder => exportFolder(folder, notes)),
    requests: exportItems(collection.items, notes),
  }
  return { content: completed(content, collection.extra), notes }
}

/** What is there when nothing else was said; a field that an import lacked stays away only while it has this. */
const DEFAULTS: Fields = {
  enabled: true,
  isSecret: false,
  isCurrent: false,
  disableCompressionForThis: false,
  httpVersion: 1.1,
  direction: 'fromClient',
  contentMode: 'raw',
  rawContent: '',
  value: '',
  schema: 'Pororoca/1',
}

/** Puts in what an import had besides, and leaves out what it did not have and nobody has changed. */
export function completed(fields: Fields, extra: Extra | undefined): Fields {
  const written = Object.entries(fields).filter(([key, value]) => {
    if (value === undefined) return false
    const isUsual = value === DEFAULTS[key] || (Array.isArray(value) && value.length === 0)
    return !(isUsual && extra?.without.includes(key))
  })
  return Object.fromEntries([...Object.entries(extra?.fields ?? {}), ...written])
}

/** Writes a variable. */
export function exportVariable({ name, value, isEnabled, isSecret, extra }: Variable): Fields {
  return completed({ enabled: isEnabled, key: name, value, isSecret }, extra)
}

/** Writes a header or a subprotocol. */
export function exportParam({ name, value, isEnabled, extra }: Param): Fields {
  return completed({ enabled: isEnabled, key: name, value }, extra)
}

/** Writes an environment with its variables. */
export function exportEnvironment(environment: Environment): Fields {
  const { id, createdAt, name, isCurrent, variables, extra } = environment
  return completed(
    { schema: 'Pororoca/1', id, createdAt, name, isCurrent, variables: variables.map(exportVariable) },
    extra,
  )
}

/** Gives nothing for no credentials: there the field is left out. */
export function exportAuth(auth: Auth): Fields | undefined {
  const { extra } = auth
  switch (auth.kind) {
    case 'none':
      return undefined
    case 'inherit':
      return completed({ mode: 'inheritFromCollection' }, extra)
    case 'basic':
      return completed(
        { mode: 'basic', basicAuthLogin: auth.userName, basicAuthPassword: auth.password },
        extra,
      )
    case 'bearer':
      return completed({ mode: 'bearer', bearerToken: auth.token }, extra)
    case 'windows': {
      const { usesCurrentUser: useCurrentUser, login, password, domain } = auth
      const windows = completed({ useCurrentUser, login, password, domain }, undefined)
      return completed({ mode: 'windows', windows }, extra)
    }
    case 'certificate': {
      const { format, file, keyFile, password, fileExtra } = auth
      const clientCertificate = completed(
        { type: format, certificateFilePath: file, privateKeyFilePath: keyFile, filePassword: password },
        fileExtra,
      )
      return completed({ mode: 'clientCertificate', clientCertificate }, extra)
    }
  }
}

/** Writes what is offered about compression. */
export function exportCompression(item: CompressionItem): Fields {
  const { clientMaxWindowBits, clientContextTakeover, serverMaxWindowBits, serverContextTakeover, extra } =
    item
  return completed(
    { clientMaxWindowBits, clientContextTakeover, serverMaxWindowBits, serverContextTakeover },
    extra,
  )
}

/** Writes a message that the client sends. */
export function exportMessage(message: ClientMessage): Fields {
  const { name, kind, content, file, syntax, mayCompress, extra } = message
  return completed(
    {
      name,
      contentMode: file === undefined ? 'raw' : 'file',
      rawContent: file === undefined ? content : undefined,
      rawContentSyntax: syntax,
      fileSrcPath: file,
      disableCompressionForThis: !mayCompress,
      direction: 'fromClient',
      messageType: kind,
    },
    extra,
  )
}

/** @param notes gets what is lost */
export function exportConnection(connection: ConnectionItem, notes: string[]): Fields {
  const { name, httpVersion, url, headers, auth, compression, subprotocols, messages, extra } = connection
  if (connection.expect.length > 0 || connection.capture.length > 0)
    notes.push(`connection ${name}: what is expected and captured is left out`)
  if (connection.trusts !== undefined) notes.push(`connection ${name}: secureSocket is left out`)
  if (connection.reconnect) notes.push(`connection ${name}: reconnect is left out`)
  return completed(
    {
      requestType: 'websocket',
      name,
      httpVersion,
      url,
      headers: headers?.map(exportParam),
      customAuth: exportAuth(auth),
      compressionOptions: compression && exportCompression(compression),
      subprotocols: subprotocols?.map(exportParam),
      clientMessages: messages?.filter(message => isKnown(message, name, notes)).map(exportMessage),
    },
    extra,
  )
}

function isKnown(
  { name, kind, code, encoding, expect, capture }: ClientMessage,
  of: string,
  notes: string[],
): boolean {
  const where = `message ${name} of ${of}`
  if (kind === 'ping') notes.push(`${where} is left out: a Pororoca file has no pings`)
  if (kind === 'close' && code !== 1000) notes.push(`${where}: code ${code} becomes 1000`)
  if (encoding) notes.push(`${where}: its content is text there, not ${encoding}`)
  if (expect.length > 0 || capture.length > 0)
    notes.push(`${where}: what is expected and captured is left out`)
  return kind !== 'ping'
}

function exportItems(items: readonly Item[], notes: string[]): Fields[] {
  return items.map(item => (item.kind === 'kept' ? item.extra.fields : exportConnection(item, notes)))
}

function exportFolder({ name, folders, items, extra }: Folder, notes: string[]): Fields {
  return completed(
    {
      name,
      folders: folders.map(folder => exportFolder(folder, notes)),
      requests: exportItems(items, notes),
    },
    extra,
  )
}
