/** The parts of a URI that configurations name, in the order they are written. */
export const URI_PARTS = ['protocol', 'user', 'host', 'port', 'path', 'query', 'ref'] as const

/** The name of one part. */
export type UriPart = (typeof URI_PARTS)[number]

/** A URI or a reference such as `/services/orders?a=1`, taken apart; a part that is not there is undefined. */
export type UriParts = Record<UriPart, string | undefined>

const URI =
  /^(?:([A-Za-z][A-Za-z\d+.-]*):)?(?:\/\/(?:([^@/?#]*)@)?(\[[^\]]*\]|[^:/?#]*)(?::(\d*))?)?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s

/** Takes a URI apart; any text is some URI. */
export function splitUri(uri: string): UriParts {
  const [, protocol, user, host, port, path, query, ref] = URI.exec(uri) ?? []
  return { protocol, user, host: host || undefined, port: port || undefined, path, query, ref }
}

/** Puts a URI together. Without a host there is no user and no port. */
export function joinUri({ protocol, user, host, port, path = '', query, ref }: UriParts): string {
  let uri = protocol ? `${protocol}:` : ''
  if (host) {
    uri += `//${user ? `${user}@` : ''}${host}${port ? `:${port}` : ''}`
    if (path !== '' && !path.startsWith('/')) uri += '/'
  }
  uri += path
  if (query) uri += `?${query}`
  return ref ? `${uri}#${ref}` : uri
}
