import type { Build } from '../language/declare.ts'
import type { Span } from '../language/source.ts'

/** Finds the listeners a service is offered on, of those that are there; says where it is offered on none. */
export function listenersOf(
  what: string,
  transports: string | undefined,
  build: Build,
  span: Span,
): ('http' | 'https')[] {
  const named = (transports ?? 'all').split(/[\s,]+/).filter(name => name !== '')
  const isAll = named.length === 0 || named.includes('all')
  const { hasTls } = build.settings.http
  const absent = named.filter(each => !/^(?:https?|all)$/.test(each))
  const found: ('http' | 'https')[] = []
  if (isAll || named.includes('http')) found.push('http')
  if (hasTls && (isAll || named.includes('https'))) found.push('https')
  if (found.length === 0) {
    const hint = named.includes('https')
      ? 'The HTTPS transport needs a key store: setting keystore.tls.file_name.'
      : undefined
    const message = `${what} is offered on no transport that is there: ${named.join(', ')}.`
    build.warning(span, 'no-effect', message, hint)
  } else if (absent.length > 0) {
    const message = `${what} is not offered on ${absent.join(', ')}: there is no such transport.`
    build.note(span, 'no-effect', message)
  }
  if (found.length > 0 && !hasTls && named.includes('https')) {
    build.note(
      span,
      'http-only',
      `${what} is served over http alone; for https set keystore.tls.file_name in deployment.toml.`,
    )
  }
  return found
}
