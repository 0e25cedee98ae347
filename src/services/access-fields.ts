import { didYouMean } from '../language/diagnostic.ts'
import { attribute, type Config, child, children, type Field, type Fields } from '../language/field.ts'
import type { ElementReader } from '../language/reader.ts'
import type { Span } from '../language/source.ts'
import { integer, list, name } from '../language/types.ts'
import type { Element } from '../language/xml.ts'
import { httpAddress, jsonObject, located, scopeList, seconds, secret, tokenPlaces } from './access-types.ts'

const cacheConfig = child(
  {
    capacity: attribute(integer({ min: 1, max: 1_000_000 }), {
      doc: 'How many answers are kept; the one that was not used for longest goes for a new one.',
      default: 1_000,
    }),
    defaultMaxAge: attribute(seconds(), {
      doc: 'Seconds for which one is kept at most. Default as long as the token is good; for keys 300.',
    }),
  },
  { doc: 'Keeps answers.' },
)

const clientConfig = child(
  {
    timeout: attribute(seconds({ min: 0.001 }), { doc: 'Seconds the answer may take.', default: 5 }),
    customHeaders: attribute(jsonObject, { doc: 'Further headers of the request.' }),
    auth: child(
      {
        username: attribute(located, { doc: 'Name to sign in with.' }),
        password: attribute(secret, { doc: 'Password that goes with it.' }),
        token: attribute(secret, { doc: 'A token, in place of both.' }),
      },
      { doc: 'How this gateway signs in there.' },
    ),
    secureSocket: child(
      { cert: attribute(located, { doc: 'PEM file of the authorities that the server may come from.' }) },
      { doc: 'TLS. Default the authorities that Node.js trusts.' },
    ),
  },
  { doc: 'How the server is asked.' },
)

const userFields = {
  username: attribute(name, { doc: 'Name of the user.', required: true }),
  password: attribute(located, {
    doc: 'The hash of the password, as `myelin hash-password` prints it.',
    required: true,
  }),
  scopes: attribute(scopeList, { doc: 'What the user may do.', default: [] }),
} as const

/** What one entry of `auth` may say. */
export const accessFields = {
  fileUserStoreConfig: child(
    {
      file: attribute(located, { doc: 'YAML or JSON file with a list `users`.' }),
      user: children(userFields, { doc: 'A user; in YAML a list `users`.' }),
    },
    { doc: 'Users with names and passwords.' },
  ),
  jwtValidatorConfig: child(
    {
      issuer: attribute(name, { doc: 'What claim iss must be.' }),
      username: attribute(name, { doc: 'What claim sub must be.' }),
      audience: attribute(list, { doc: 'One of these must be in claim aud.', default: [] }),
      jwtId: attribute(name, { doc: 'What claim jti must be.' }),
      keyId: attribute(name, { doc: 'What kid of the header must be.' }),
      customClaims: attribute(jsonObject, { doc: 'Other claims, each with what it must be.' }),
      clockSkew: attribute(seconds(), { doc: 'Seconds by which clocks may differ.', default: 0 }),
      scopeKey: attribute(name, { doc: 'The claim with the scopes: text or a list.', default: 'scope' }),
      signatureConfig: child(
        {
          certFile: attribute(located, { doc: 'PEM file with a certificate or a public key.' }),
          secret: attribute(secret, { doc: 'Secret of HS256, HS384 and HS512.' }),
          jwksConfig: child(
            {
              url: attribute(httpAddress, { doc: 'Where the set of keys is.', required: true }),
              refetchInterval: attribute(seconds(), {
                doc: 'Seconds between two questions for the sake of keys that are not in the set.',
                default: 30,
              }),
              cacheConfig,
              clientConfig,
            },
            { doc: 'A set of public keys at an address.' },
          ),
        },
        { doc: 'Who signs the tokens: one of these.' },
      ),
      cacheConfig,
    },
    { doc: 'JSON Web Tokens.' },
  ),
  oauth2IntrospectionConfig: child(
    {
      url: attribute(httpAddress, { doc: 'Where to ask about a token.', required: true }),
      tokenTypeHint: attribute(name, { doc: 'What kind of token the server is told to expect.' }),
      scopeKey: attribute(name, { doc: 'The member of the answer with the scopes.', default: 'scope' }),
      cacheConfig,
      defaultTokenExpTime: attribute(seconds(), {
        doc: 'Seconds a token is good of which the answer has no exp.',
        default: 3_600,
      }),
      optionalParams: attribute(jsonObject, { doc: 'Further fields of the request.' }),
      clientConfig,
    },
    { doc: 'Tokens that the server knows which gave them out.' },
  ),
  scopes: attribute(scopeList, { doc: 'One of these is needed; default none.', default: [] }),
  tokenFrom: attribute(tokenPlaces, {
    doc: 'Where tokens may be, the first that is there counts: header, query:NAME, cookie:NAME, subprotocol:NAME, message:KEY.',
    default: [{ at: 'header', name: 'Authorization' }],
  }),
  renewalKey: attribute(name, {
    doc: 'Key of JSON messages that bring a new token; they reach no hook. Default none: a session ends with its token.',
  }),
  firstMessageTimeout: attribute(seconds({ min: 0.001 }), {
    doc: 'Seconds a client has for a first message with its token.',
    default: 10,
  }),
  closeCode: attribute(integer({ min: 1000, max: 4999 }), {
    doc: 'Code a client is closed with whose token has ended, or was not good in a message.',
    default: 1008,
  }),
} as const

/** One entry of `auth`, and where it is. */
export type AccessConfig = Config<typeof accessFields> & { readonly span: Span }

/** What is known and refused, by its place: what to use. */
const REFUSED: Readonly<Record<string, string>> = {
  ldapUserStoreConfig:
    'LDAP is not built in: list users in fileUserStoreConfig, or have a server that knows the directory give out tokens, for jwtValidatorConfig or oauth2IntrospectionConfig',
  trustStoreConfig: 'write the certificate to a PEM file and name it in certFile',
  disable: 'certificates are always checked: name the authority in cert',
}

const NO_EFFECT: Readonly<Record<string, string>> = {
  evictionFactor: 'one answer goes for each new one',
  evictionPolicy: 'the one goes that was not used for longest',
  cleanupInterval: 'what is too old is not used, and goes when there is no room',
}

/** Who may use a service: `auth`, tried in order. What is not known in it is an error, for it would not be checked. */
export const accessField: Field<readonly AccessConfig[]> = {
  kind: 'children',
  doc: 'A way to be let in; see [access](../../guide/access.md). Of several the first one that knows the client counts.',
  isRequired: false,
  fields: accessFields,
  read(fieldName, reader) {
    return reader.takeChildren(fieldName).map(element => {
      const config = reader.nested(known(element, accessFields, reader), accessFields)
      return { ...config, span: element.span }
    })
  },
}

/** Gives an element without what is not known, which is reported. */
function known(element: Element, fields: Fields, reader: ElementReader): Element {
  const byName = new Map(Object.entries(fields).map(([key, field]) => [field.name ?? key, field]))
  const isKnown = (option: string, span: Span): boolean => {
    if (byName.has(option)) return true
    const where = `${option} of ${element.name}`
    if (Object.hasOwn(NO_EFFECT, option))
      reader.warning(span, 'no-effect', `${where} has no effect: ${NO_EFFECT[option]}.`)
    else if (Object.hasOwn(REFUSED, option))
      reader.wrong(span, 'not-supported', `${where} is not supported: ${REFUSED[option]}.`)
    else
      reader.wrong(
        span,
        'unknown-option',
        `${element.name} has no option ${option}.`,
        didYouMean(option, byName.keys()),
      )
    return false
  }
  return {
    ...element,
    attributes: element.attributes.filter(each => isKnown(each.name, each.nameSpan)),
    children: element.children
      .filter(each => isKnown(each.name, each.span))
      .map(each => known(each, byName.get(each.name)?.fields ?? {}, reader)),
  }
}
