import { yamlText } from '../language/yaml-text.ts'
import type {
  Auth,
  Capture,
  ClientMessage,
  Collection,
  CompressionItem,
  ConnectionItem,
  Environment,
  Expectation,
  Extra,
  Folder,
  Item,
  Param,
  Variable,
} from './collection.ts'
import { DEFAULT_COMPRESSION_ITEM } from './read-parts.ts'

type Plain = Record<string, unknown>

/** Writes a collection as the text of its file. */
export function collectionText(collection: Collection): string {
  return yamlText(plainCollection(collection))
}

function plainCollection(collection: Collection): Plain {
  const { name, id, createdAt, variables, environments, auth, headers, extra } = collection
  return bare({
    collection: name,
    id,
    createdAt,
    variables: variables.length === 0 ? undefined : plainVariables(variables),
    environments: environments.length === 0 ? undefined : environments.map(plainEnvironment),
    auth: auth && plainAuth(auth),
    headers: headers && plainParams(headers),
    ...plainContents(collection),
    ...plainExtra(extra),
  })
}

function plainContents({ items, folders }: Pick<Folder, 'items' | 'folders'>): Plain {
  return {
    connections: items.length === 0 ? undefined : items.map(plainItem),
    folders: folders.length === 0 ? undefined : folders.map(plainFolder),
  }
}

function plainFolder(folder: Folder): Plain {
  return bare({ name: folder.name, ...plainContents(folder), ...plainExtra(folder.extra) })
}

function plainItem(item: Item): Plain {
  return item.kind === 'kept' ? { pororoca: item.extra.fields } : plainConnection(item)
}

function plainConnection(connection: ConnectionItem): Plain {
  const { name, url, httpVersion, headers, auth, subprotocols, compression, messages, extra } = connection
  return bare({
    name,
    url,
    httpVersion: httpVersion === 1.1 ? undefined : httpVersion,
    headers: headers && plainParams(headers),
    auth: auth.kind === 'inherit' && !auth.extra ? undefined : plainAuth(auth),
    subprotocols: subprotocols && plainParams(subprotocols),
    compression: compression && plainCompression(compression),
    secureSocket: connection.trusts === undefined ? undefined : { cert: connection.trusts },
    reconnect: plainReconnect(connection.reconnect),
    expect: plainExpectations(connection.expect),
    capture: plainCaptures(connection.capture),
    messages: messages?.map(plainMessage),
    ...plainExtra(extra),
  })
}

function plainReconnect(settings: ConnectionItem['reconnect']): unknown {
  return settings && Object.keys(settings).length === 0 ? true : settings
}

function plainMessage(message: ClientMessage): Plain {
  const { name, kind, content, file, encoding, code, syntax, mayCompress, expect, capture, extra } = message
  const isClose = kind === 'close'
  return bare({
    name,
    type: kind,
    code: isClose && code !== 1000 ? code : undefined,
    [isClose ? 'reason' : 'content']: file === undefined && content !== '' ? content : undefined,
    file,
    encoding,
    syntax,
    compress: mayCompress ? undefined : false,
    expect: plainExpectations(expect),
    capture: plainCaptures(capture),
    ...plainExtra(extra),
  })
}

function plainExpectations(list: readonly Expectation[]): unknown {
  if (list.length === 0) return undefined
  return list.map(each =>
    bare({
      type: each.kind,
      equals: each.equals,
      equalsFile: each.equalsFile,
      contains: each.contains,
      matches: each.matches?.source,
      json: each.json?.value,
      jsonPath: each.jsonPath && Object.fromEntries(each.jsonPath),
      close: each.close,
      reason: each.reason,
      within: each.withinMs === 5_000 ? undefined : each.withinMs,
      skipOthers: each.skipsOthers || undefined,
    }),
  )
}

function plainCaptures(list: readonly Capture[]): unknown {
  if (list.length === 0) return undefined
  return Object.fromEntries(
    list.map(({ variable, jsonPath, matches }) => [variable, jsonPath ?? { matches: matches?.source }]),
  )
}

/** A map where each name is there once, else a list. */
function plainVariables(variables: readonly Variable[]): unknown {
  const isMap = new Set(variables.map(({ name }) => name)).size === variables.length
  const one = ({ value, fromProcess, isEnabled, isSecret, extra }: Variable): Plain =>
    bare({
      value: fromProcess === undefined ? value : undefined,
      environment: fromProcess,
      enabled: isEnabled ? undefined : false,
      secret: isSecret || undefined,
      ...plainExtra(extra),
    })
  const isPlain = (variable: Variable): boolean => Object.keys(one(variable)).join() === 'value'
  if (!isMap) return variables.map(variable => ({ name: variable.name, ...one(variable) }))
  return Object.fromEntries(
    variables.map(variable => [variable.name, isPlain(variable) ? variable.value : one(variable)]),
  )
}

function plainEnvironment({
  name,
  id,
  createdAt,
  isCurrent,
  isInsecure,
  variables,
  extra,
}: Environment): Plain {
  return bare({
    name,
    id,
    createdAt,
    current: isCurrent || undefined,
    insecure: isInsecure || undefined,
    variables: variables.length === 0 ? undefined : plainVariables(variables),
    ...plainExtra(extra),
  })
}

function plainParams(params: readonly Param[]): unknown {
  return params.map(({ name, value, isEnabled, extra }) =>
    bare({
      name,
      value: value === '' ? undefined : value,
      enabled: isEnabled ? undefined : false,
      ...plainExtra(extra),
    }),
  )
}

function plainAuth(auth: Auth): unknown {
  const extra = plainExtra(auth.extra)
  const isBare = Object.keys(extra).length === 0
  switch (auth.kind) {
    case 'inherit':
    case 'none':
      return isBare ? auth.kind : { [auth.kind]: true, ...extra }
    case 'basic':
      return { basic: { username: auth.userName, password: auth.password }, ...extra }
    case 'bearer':
      return { bearer: auth.token, ...extra }
    case 'windows': {
      const { usesCurrentUser: currentUser, login, password, domain } = auth
      return { windows: bare({ currentUser, login, password, domain }), ...extra }
    }
    case 'certificate': {
      const { format, file, keyFile, password, fileExtra } = auth
      return {
        clientCertificate: bare({ [format]: file, keyFile, password, ...plainExtra(fileExtra) }),
        ...extra,
      }
    }
  }
}

function plainCompression({ extra, ...values }: CompressionItem): unknown {
  const standard: Plain = { ...DEFAULT_COMPRESSION_ITEM }
  const others = Object.entries(values).filter(([key, value]) => value !== standard[key])
  if (others.length === 0 && !extra) return true
  return { ...Object.fromEntries(others), ...plainExtra(extra) }
}

function plainExtra(extra: Extra | undefined): Plain {
  if (!extra) return {}
  return bare({
    pororoca: Object.keys(extra.fields).length === 0 ? undefined : extra.fields,
    pororocaWithout: extra.without.length === 0 ? undefined : extra.without,
  })
}

/** Leaves out what is undefined. */
function bare(plain: Plain): Plain {
  return Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined))
}
