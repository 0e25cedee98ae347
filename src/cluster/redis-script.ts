import { createHash } from 'node:crypto'
import type { RedisConnection } from './redis-connection.ts'

/** A Lua script that Redis runs as one step, sent by its digest where Redis knows it. */
export class RedisScript {
  readonly #text: string
  readonly #digest: string

  constructor(text: string) {
    this.#text = text
    this.#digest = createHash('sha1').update(text).digest('hex')
  }

  /** Runs it on one key. @throws RedisError when Redis is away, or refuses it */
  async run(
    connection: RedisConnection,
    key: string,
    ...args: readonly (string | number)[]
  ): Promise<unknown> {
    return connection.run(async client => {
      try {
        return await client.evalsha(this.#digest, 1, key, ...args)
      } catch (error) {
        if (!(error as Error).message.startsWith('NOSCRIPT')) throw error
        return await client.eval(this.#text, 1, key, ...args)
      }
    })
  }
}
