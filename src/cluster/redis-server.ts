import type { RedisAddress } from './redis-address.ts'
import { RedisError } from './redis-error.ts'

/** What a Redis says of itself. */
export interface ServerFacts {
  readonly version: string
  /** Whether it writes to disk what it is told, as it is told. */
  readonly isAppendOnly: boolean
  /** What is wrong with its settings; undefined where nothing is. */
  readonly warning: string | undefined
}

/** Oldest version with all commands that are used. */
const OLDEST = '6.2'

/** Finds out whether a server can be used. @throws RedisError when it is too old */
export async function checkServer(
  client: { info(section: string): Promise<string> },
  address: RedisAddress,
): Promise<ServerFacts> {
  const sections = await Promise.all(['server', 'memory', 'persistence'].map(name => client.info(name)))
  const facts = new Map(
    sections.flatMap(section => section.split(/\r?\n/)).map(line => line.split(':', 2) as [string, string]),
  )
  const version = facts.get('redis_version') ?? '0'
  // Valkey says of itself which version of Redis it can stand for.
  if (isOlder(version, OLDEST))
    throw new RedisError('refused', `Redis at ${address.place} is version ${version}: ${OLDEST} is needed`)
  const policy = facts.get('maxmemory_policy') ?? 'noeviction'
  return {
    version,
    isAppendOnly: facts.get('aof_enabled') === '1',
    warning:
      policy === 'noeviction'
        ? undefined
        : `Redis at ${address.place} throws away messages when its memory is full: set its maxmemory-policy, which is ${policy}, to noeviction`,
  }
}

function isOlder(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [majorThan = 0, minorThan = 0] = than.split('.').map(Number)
  return major < majorThan || (major === majorThan && minor < minorThan)
}
