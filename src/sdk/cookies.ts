import { OptionError } from '../services/web-socket-error.ts'
import { checkNames } from './check-names.ts'

/** A cookie for the upgrade request. */
export interface Cookie {
  readonly name: string
  readonly value: string
  /** Cookies of longer paths are sent first (RFC 6265, 5.4). */
  readonly path?: string
}

/**
 * Writes the `Cookie` header: all cookies, those of longer paths first. Text is the value of a `Set-Cookie` header.
 * @throws OptionError for what is no cookie
 */
export function cookieHeader(cookies: readonly (Cookie | string)[]): string {
  return cookies
    .map(each => (typeof each === 'string' ? readCookie(each) : checked(each)))
    .sort((a, b) => (b.path ?? '').length - (a.path ?? '').length)
    .map(written)
    .join('; ')
}

function checked(cookie: Cookie): Cookie {
  checkNames(cookie, 'cookies')
  return cookie
}

function readCookie(text: string): Cookie {
  const [pair = '', ...attributes] = text.split(';')
  const equals = pair.indexOf('=')
  const path = attributes
    .map(each => /^\s*path\s*=\s*(.*?)\s*$/i.exec(each)?.[1])
    .findLast(each => each !== undefined)
  return { name: pair.slice(0, Math.max(0, equals)).trim(), value: pair.slice(equals + 1).trim(), path }
}

function written({ name, value }: Cookie): string {
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name))
    throw new OptionError(`${JSON.stringify(name)} is no name of a cookie`)
  if (/[\x00-\x20;,\x7f]/.test(value))
    throw new OptionError(`the value of the cookie ${name} has characters it may not have`)
  return `${name}=${value}`
}
