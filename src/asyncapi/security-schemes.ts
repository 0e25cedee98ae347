import type { ChannelSecurity } from '../core/channel-model.ts'

/** Gives the security scheme of a way to show who one is. */
export function securityScheme({
  scheme,
  name = '',
  format,
  tokenUrl = '',
  scopes = [],
  description,
}: ChannelSecurity): Record<string, unknown> {
  // Only OAuth has a place for scopes.
  const needed =
    scheme !== 'oauth2' && scopes.length > 0 ? `One of these scopes is needed: ${scopes.join(', ')}.` : ''
  const about = [description, needed].filter(Boolean).join(' ')
  const told = about === '' ? {} : { description: about }
  switch (scheme) {
    case 'basic':
      return { type: 'http', scheme: 'basic', ...told }
    case 'bearer':
      return {
        type: 'http',
        scheme: 'bearer',
        ...(format !== undefined && { bearerFormat: format }),
        ...told,
      }
    case 'certificate':
      return { type: 'X509', ...told }
    case 'header':
    case 'query':
    case 'cookie':
      return { type: 'httpApiKey', name, in: scheme, ...told }
    case 'oauth2': {
      const availableScopes = Object.fromEntries(scopes.map(each => [each, each]))
      return { type: 'oauth2', flows: { clientCredentials: { tokenUrl, availableScopes } }, ...told }
    }
  }
}
