import type { ChannelSecurity } from '../core/channel-model.ts'
import type { AccessConfig } from './access-fields.ts'

/** Says how clients of a service show who they are, for descriptions. */
export function accessSecurity(config: readonly AccessConfig[]): ChannelSecurity[] {
  return config.flatMap((entry): ChannelSecurity[] => {
    const scopes = entry.scopes.length > 0 ? entry.scopes : undefined
    if (entry.fileUserStoreConfig) return [{ scheme: 'basic', scopes }]
    const format = entry.jwtValidatorConfig ? 'JWT' : undefined
    return entry.tokenFrom.map(({ at, name }) => {
      if (at === 'header') return { scheme: 'bearer', format, scopes }
      if (at === 'query') return { scheme: 'query', name, scopes }
      const where =
        at === 'message'
          ? `member ${name} of the first message, a JSON object`
          : at === 'cookie'
            ? `cookie ${name}`
            : `subprotocol ${name}.TOKEN`
      return { scheme: 'bearer', format, scopes, description: `The token is in the ${where}.` }
    })
  })
}
