import type { Access } from '../access.ts'
import { type Api, refuse } from '../api.ts'

/** Gives tokens for passwords, and takes them back. */
export function loginRoutes(api: Api, access: Access): void {
  api.on('/login', {
    GET(request, reply) {
      const outcome = access.login(request.headers.authorization, request.ip)
      if (typeof outcome === 'number')
        return refuse(
          reply.header('Retry-After', String(outcome)),
          429,
          `too many wrong passwords; wait ${outcome} seconds`,
        )
      return outcome === 'wrong' ? reply.code(401).send() : { AccessToken: outcome }
    },
  })
  api.on('/logout', {
    GET(request, reply) {
      if (access.logout(request.headers.authorization)) return reply.code(200).send()
      return refuse(reply, 500, 'Log out failed due to incorrect credentials')
    },
  })
}
