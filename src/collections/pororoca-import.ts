import type { Span } from '../language/source.ts'
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
  MessageKind,
  Param,
  Variable,
} from './collection.ts'
import {
  exportAuth,
  exportCompression,
  exportConnection,
  exportEnvironment,
  exportMessage,
  exportParam,
  exportPororoca,
  exportVariable,
  type Fields,
} from './pororoca-export.ts'
import { DEFAULT_COMPRESSION_ITEM } from './read-parts.ts'

const KINDS: readonly string[] = ['text', 'binary', 'close']

/**
 * Reads a collection of Pororoca. All that has no place here is kept, so that an export gives the same file.
 *
 * @param span the place of what has none of its own
 * @param spans where each request stands, by its path: `/folders/0/requests/1`, and `/url` behind it
 * @throws Error with what is wrong where it is no such file
 */
export function importPororoca(
  value: unknown,
  span: Span,
  spans: ReadonlyMap<string, Span> = new Map(),
): Collection {
  return new Import(span, spans).collection(objectOf(value, 'the file'))
}

class Import {
  readonly #span: Span
  readonly #spans: ReadonlyMap<string, Span>

  constructor(span: Span, spans: ReadonlyMap<string, Span>) {
    this.#span = span
    this.#spans = spans
  }

  collection(fields: Fields): Collection {
    const { collectionScopedAuth: auth, collectionScopedRequestHeaders: headers } = fields
    const read: Collection = {
      name: text(fields.name),
      id: optional(fields.id),
      createdAt: optional(fields.createdAt),
      variables: objects(fields.variables, 'variables').map(variableOf),
      environments: objects(fields.environments, 'environments').map(environmentOf),
      ...(isThere(auth) && { auth: authOf(auth) }),
      ...(isThere(headers) && { headers: objects(headers, 'headers').map(paramOf) }),
      items: [],
      folders: [],
    }
    const bare = exportPororoca(read).content
    return {
      ...read,
      items: this.#items(fields, ''),
      folders: this.#folders(fields, ''),
      extra: extraOf(fields, bare),
    }
  }

  #folders(fields: Fields, path: string): readonly Folder[] {
    return objects(fields.folders, 'folders').map((folder, index) => {
      const here = `${path}/folders/${index}`
      const name = text(folder.name)
      return {
        name,
        items: this.#items(folder, here),
        folders: this.#folders(folder, here),
        extra: extraOf(folder, { name, folders: [], requests: [] }),
      }
    })
  }

  #items(fields: Fields, path: string): readonly Item[] {
    return objects(fields.requests, 'requests').map((request, index): Item => {
      if (request.requestType !== 'websocket')
        return { kind: 'kept', extra: { fields: request, without: [] } }
      return this.#connection(request, `${path}/requests/${index}`)
    })
  }

  #connection(fields: Fields, path: string): ConnectionItem {
    const { headers, customAuth, subprotocols, compressionOptions, clientMessages, httpVersion } = fields
    const spanOf = (field: string): Span => this.#spans.get(`${path}/${field}`) ?? this.#span
    const read: ConnectionItem = {
      kind: 'connection',
      name: text(fields.name),
      url: text(fields.url),
      httpVersion: typeof httpVersion === 'number' ? httpVersion : 1.1,
      ...(isThere(headers) && { headers: objects(headers, 'headers').map(paramOf) }),
      auth: isThere(customAuth) ? authOf(customAuth) : { kind: 'none' },
      ...(isThere(subprotocols) && { subprotocols: objects(subprotocols, 'subprotocols').map(paramOf) }),
      ...(isThere(compressionOptions) && {
        compression: compressionOf(objectOf(compressionOptions, 'compressionOptions')),
      }),
      ...(isThere(clientMessages) && {
        messages: objects(clientMessages, 'clientMessages').map(each =>
          this.#message(each, spanOf('clientMessages')),
        ),
      }),
      expect: [],
      capture: [],
      span: this.#spans.get(path) ?? this.#span,
      spans: Object.fromEntries(
        [
          ['url', 'url'],
          ['auth', 'customAuth'],
          ['httpVersion', 'httpVersion'],
          ['messages', 'clientMessages'],
        ].map(([ours, theirs]) => [ours, spanOf(theirs!)]),
      ),
    }
    return { ...read, extra: extraOf(fields, exportConnection(read, [])) }
  }

  #message(fields: Fields, span: Span): ClientMessage {
    const kind = text(fields.messageType)
    if (!KINDS.includes(kind))
      throw new Error(`a message is of the type ${JSON.stringify(fields.messageType)}`)
    const read: ClientMessage = {
      name: text(fields.name),
      kind: kind as MessageKind,
      content: fields.contentMode === 'file' ? '' : text(fields.rawContent),
      ...(fields.contentMode === 'file' && { file: text(fields.fileSrcPath) }),
      code: 1000,
      syntax: optional(fields.rawContentSyntax),
      mayCompress: fields.disableCompressionForThis !== true,
      expect: [],
      capture: [],
      span,
    }
    return { ...read, extra: extraOf(fields, exportMessage(read)) }
  }
}

function variableOf(fields: Fields): Variable {
  const read = { ...named(fields), isSecret: fields.isSecret === true }
  return { ...read, extra: extraOf(fields, exportVariable(read)) }
}

function paramOf(fields: Fields): Param {
  const read = named(fields)
  return { ...read, extra: extraOf(fields, exportParam(read)) }
}

function named(fields: Fields): Param {
  return { name: text(fields.key), value: text(fields.value), isEnabled: fields.enabled !== false }
}

function environmentOf(fields: Fields): Environment {
  const read: Environment = {
    name: text(fields.name),
    id: optional(fields.id),
    createdAt: optional(fields.createdAt),
    isCurrent: fields.isCurrent === true,
    isInsecure: false,
    variables: objects(fields.variables, 'variables').map(variableOf),
  }
  return { ...read, extra: extraOf(fields, exportEnvironment(read)) }
}

function compressionOf(fields: Fields): CompressionItem {
  const bits = (key: string): number => (typeof fields[key] === 'number' ? fields[key] : 15)
  const read: CompressionItem = {
    ...DEFAULT_COMPRESSION_ITEM,
    clientMaxWindowBits: bits('clientMaxWindowBits'),
    serverMaxWindowBits: bits('serverMaxWindowBits'),
    clientContextTakeover: fields.clientContextTakeover !== false,
    serverContextTakeover: fields.serverContextTakeover !== false,
  }
  return { ...read, extra: extraOf(fields, exportCompression(read)) }
}

function authOf(value: unknown): Auth {
  const fields = objectOf(value, 'the authentication')
  const read = bareAuthOf(fields)
  return { ...read, extra: extraOf(fields, exportAuth(read) ?? {}) }
}

function bareAuthOf(fields: Fields): Auth {
  switch (fields.mode) {
    case 'basic':
      return {
        kind: 'basic',
        userName: text(fields.basicAuthLogin),
        password: text(fields.basicAuthPassword),
      }
    case 'bearer':
      return { kind: 'bearer', token: text(fields.bearerToken) }
    case 'windows': {
      const { useCurrentUser, login, password, domain } = objectOf(fields.windows ?? {}, 'windows')
      return {
        kind: 'windows',
        usesCurrentUser: useCurrentUser === true,
        login: optional(login),
        password: optional(password),
        domain: optional(domain),
      }
    }
    case 'clientCertificate': {
      const certificate = objectOf(fields.clientCertificate ?? {}, 'clientCertificate')
      const { type, certificateFilePath, privateKeyFilePath, filePassword } = certificate
      const bare: Auth = {
        kind: 'certificate',
        format: type === 'pem' ? 'pem' : 'pkcs12',
        file: text(certificateFilePath),
        keyFile: optional(privateKeyFilePath),
        password: optional(filePassword),
      }
      const written = exportAuth(bare)!.clientCertificate as Fields
      return { ...bare, fileExtra: extraOf(certificate, written) }
    }
    case 'inheritFromCollection':
      return { kind: 'inherit' }
    default:
      throw new Error(`an authentication has the mode ${JSON.stringify(fields.mode)}`)
  }
}

/** What an object has that is not written for what was read of it, and what it lacks that would be. */
function extraOf(original: Fields, written: Fields): Extra | undefined {
  const fields = Object.fromEntries(Object.entries(original).filter(([key]) => !(key in written)))
  const without = Object.keys(written).filter(key => !(key in original))
  // A null stands for what is not there, and comes back as one.
  for (const [key, value] of Object.entries(original)) {
    if (value !== null || !(key in written)) continue
    fields[key] = null
    without.push(key)
  }
  return Object.keys(fields).length === 0 && without.length === 0 ? undefined : { fields, without }
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null
}

function objectOf(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw new Error(`${what} is no object`)
}

function objects(value: unknown, what: string): readonly Fields[] {
  if (!isThere(value)) return []
  if (!Array.isArray(value)) throw new Error(`${what} is no list`)
  return value.map(each => objectOf(each, `an entry of ${what}`))
}

function text(value: unknown): string {
  return isThere(value) ? String(value) : ''
}

function optional(value: unknown): string | undefined {
  return isThere(value) ? String(value) : undefined
}
