import { createHmac } from 'node:crypto'
import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import { decodeText, encodeText, percentEncode } from './charsets.ts'
import { propertyCall, propertyReader } from './properties.ts'
import { type XPathFunction, XPathSyntaxError, type XPathValue, xpathString } from './xpath.ts'
import { toXPath } from './xpath-value.ts'

type Extension = XPathFunction<MessageContext>

/**
 * Finds a function that configurations have beside those of XPath; the prefix does not matter.
 * @throws XPathSyntaxError for one that is known and cannot run here
 */
export function extensionFunction(_prefix: string | undefined, name: string): Extension | undefined {
  const refused = REFUSED[name]
  if (refused !== undefined) throw new XPathSyntaxError(`${name}() is not supported: ${refused}`)
  return Object.hasOwn(EXTENSIONS, name) ? EXTENSIONS[name] : undefined
}

const KEY_STORES =
  'it needs a key store at run time; let an endpoint or a class of your own do the cryptography'
const REFUSED: Readonly<Record<string, string | undefined>> = {
  __proto__: undefined,
  encrypt: KEY_STORES,
  decrypt: KEY_STORES,
}

const EXTENSIONS: Readonly<Record<string, Extension>> = {
  'get-property': getProperty,
  'url-encode': onText((value, charset) => urlEncode(value, charset)),
  base64Encode: onText((value, charset) => encodeText(value, charset).toString('base64')),
  base64Decode: onText((value, charset) => decodeText(Buffer.from(value, 'base64'), charset).trim()),
  'hmac-generate': (_ctx, [payload, secret, algorithm]) =>
    hmac(text(payload), text(secret), algorithm === undefined ? 'HmacSHA1' : text(algorithm)),
  'vault-lookup': Object.assign(vaultLookup, {
    warning:
      "There is no secure vault: vault-lookup() is a fault when it is reached. Put the secret into the environment and read it with get-property('env', 'NAME').",
  }),
}

function getProperty(ctx: MessageContext, args: XPathValue[]): XPathValue {
  if (args.length === 0) return ''
  if (args.length > 3) throw new Fault(0, 'get-property takes a scope, a name and a date format')
  return toXPath(propertyReader(propertyCall(args.map(text)))(ctx))
}

/** A function on a text and the charset of it; nothing comes of nothing. */
function onText(apply: (value: string, charset: string | undefined) => string): Extension {
  return (_ctx, [value, charset]) => {
    const given = text(value)
    return given === '' ? '' : apply(given, charset === undefined ? undefined : text(charset))
  }
}

const STAYS = /[A-Za-z0-9_\-!.~'()*;/?:@&=+$,]/

/** Escapes what cannot stand in a path or a query, and in the path a `+` too. */
function urlEncode(value: string, charset: string | undefined): string {
  const encoded = percentEncode(encodeText(value, charset), byte => STAYS.test(String.fromCharCode(byte)))
  const query = encoded.indexOf('?')
  const path = query < 0 ? encoded : encoded.slice(0, query)
  return path.replaceAll('+', '%2B') + encoded.slice(path.length)
}

const HMACS: Readonly<Record<string, string>> = {
  HMACMD5: 'md5',
  HMACSHA1: 'sha1',
  HMACSHA224: 'sha224',
  HMACSHA256: 'sha256',
  HMACSHA384: 'sha384',
  HMACSHA512: 'sha512',
}

function hmac(payload: string, secret: string, algorithm: string): string {
  const name = algorithm.toUpperCase()
  if (!Object.hasOwn(HMACS, name)) throw new Fault(0, `hmac-generate knows no algorithm ${algorithm}`)
  return createHmac(HMACS[name]!, secret).update(payload).digest('hex')
}

function vaultLookup(): XPathValue {
  throw new Fault(0, 'vault-lookup: there is no secure vault')
}

function text(value: XPathValue | undefined): string {
  return xpathString(value ?? null)
}
