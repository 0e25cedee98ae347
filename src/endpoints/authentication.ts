import type { MessageContext } from '../core/context.ts'
import { type Dynamic, dynamic } from '../expressions/expression.ts'
import type { Build } from '../language/declare.ts'
import { attribute, body, type Config, child, children, type Field } from '../language/field.ts'
import type { Span } from '../language/source.ts'
import { integer, name, oneOfAnyCase } from '../language/types.ts'
import { httpClient } from './connections.ts'
import { basic } from './http-headers.ts'
import { type Grant, OAuthTokens } from './oauth.ts'

const value = (doc: string): Field<{ text: Dynamic | undefined } | undefined> =>
  child({ text: body(dynamic, { doc }) }, { doc })

const milliseconds = (doc: string): Field<{ text: number | undefined } | undefined> =>
  child({ text: body(integer(), { doc: 'Milliseconds.' }) }, { doc })

const named = {
  name: attribute(name, { doc: 'Its name.', required: true }),
  text: body(dynamic, { doc: 'Its value.' }),
}

/** How long a token may take where nobody says. */
const TIMEOUT_MS = 30_000

const grantFields = {
  clientId: value('Name of this client.'),
  clientSecret: value('Its secret.'),
  tokenUrl: value('Where tokens are given.'),
  refreshToken: value('Token by which others are had.'),
  username: value('Name of the user.'),
  password: value('Password of the user.'),
  authMode: child(
    { text: body(oneOfAnyCase('header', 'payload'), { doc: 'header or payload.' }) },
    { doc: 'Whether name and secret go as basic authentication (default) or as form fields.' },
  ),
  requestParameters: child(
    { parameter: children(named, { doc: 'A form field.' }) },
    { doc: 'Further form fields of the token request.' },
  ),
  customHeaders: child(
    { header: children(named, { doc: 'A header.' }) },
    { doc: 'Further headers of the token request.' },
  ),
  socketTimeout: milliseconds(
    'How long the token may take, in milliseconds; default 30000, also for what is not above 0.',
  ),
  connectionTimeout: milliseconds(
    'Accepted; connecting may take as long as `[transport.http]` `sender.connect_timeout_ms` says.',
  ),
  connectionRequestTimeout: milliseconds('Accepted; no request waits for a connection.'),
  useGlobalConnectionTimeoutConfigs: value('Accepted; what is not written here is that of the process.'),
} as const

/** `<authentication>` of an http endpoint. */
export const authenticationField = child(
  {
    basicAuth: child(
      { username: value('Name, or {expression}.'), password: value('Password, or {expression}.') },
      { doc: 'Name and password with each request.' },
    ),
    oauth: child(
      {
        clientCredentials: child(grantFields, { doc: 'Tokens for this client itself.' }),
        authorizationCode: child(grantFields, { doc: 'Tokens by a refresh token.' }),
        passwordCredentials: child(grantFields, { doc: 'Tokens for a user whose password is known.' }),
      },
      { doc: 'A token with each request; it is kept until it runs out or is refused.' },
    ),
  },
  { doc: 'How requests say who they are from.' },
)

type Authentication = NonNullable<typeof authenticationField extends Field<infer T> ? T : never>
type GrantConfig = Config<typeof grantFields>

/** What an HTTP sender needs for it. */
export interface Authorizer {
  readonly authorize: (ctx: MessageContext, isAgain: boolean) => Promise<string> | string
  readonly retriesUnauthorized: boolean
}

const GRANTS: ReadonlyMap<string, Grant['type']> = new Map([
  ['clientCredentials', 'client_credentials'],
  ['authorizationCode', 'refresh_token'],
  ['passwordCredentials', 'password'],
])

/** Makes what authorizes requests; undefined, and an error, where the configuration says nothing usable. */
export function authorizer(
  { basicAuth, oauth }: Authentication,
  build: Build,
  span: Span,
): Authorizer | undefined {
  if (basicAuth) {
    const { username, password } = basicAuth
    const authorize = (ctx: MessageContext): string => basic(textOf(username, ctx), textOf(password, ctx))
    return { authorize, retriesUnauthorized: false }
  }
  for (const [element, type] of GRANTS) {
    const config = oauth?.[element as keyof typeof oauth]
    if (!config) continue
    const { tokenSeconds } = build.settings.httpClient
    const key = `tokens of HTTP backends ${tokenSeconds}`
    const tokens = build.resource(key, () => new OAuthTokens(httpClient(build), tokenSeconds))
    // What a message was refused with, it does not get again; what others got since is as good as a new one.
    const given = new WeakMap<MessageContext, string>()
    const authorize = async (ctx: MessageContext, isAgain: boolean): Promise<string> => {
      const refused = isAgain ? given.get(ctx) : undefined
      const authorization = await tokens.authorization(grantOf(type, config, ctx), refused)
      given.set(ctx, authorization)
      return authorization
    }
    return { authorize, retriesUnauthorized: true }
  }
  const message =
    '<authentication> needs <basicAuth>, or <oauth> with clientCredentials, authorizationCode or passwordCredentials.'
  build.error(span, 'missing', message)
  return undefined
}

function grantOf(type: Grant['type'], config: GrantConfig, ctx: MessageContext): Grant {
  const pairs = (list: readonly { name?: string; text?: Dynamic }[] | undefined): [string, string][] =>
    (list ?? []).map(each => [each.name ?? '', each.text?.text(ctx) ?? ''])
  const timeoutMs = config.socketTimeout?.text
  return {
    type,
    tokenUrl: textOf(config.tokenUrl, ctx),
    clientId: textOf(config.clientId, ctx),
    clientSecret: textOf(config.clientSecret, ctx),
    refreshToken: textOf(config.refreshToken, ctx),
    username: textOf(config.username, ctx),
    password: textOf(config.password, ctx),
    inPayload: config.authMode?.text === 'payload',
    parameters: pairs(config.requestParameters?.parameter),
    headers: pairs(config.customHeaders?.header),
    timeoutMs: timeoutMs !== undefined && timeoutMs > 0 ? timeoutMs : TIMEOUT_MS,
  }
}

function textOf(field: { readonly text: Dynamic | undefined } | undefined, ctx: MessageContext): string {
  return field?.text?.text(ctx) ?? ''
}
