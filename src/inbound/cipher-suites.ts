import { getCiphers } from 'node:tls'

/** A list of cipher suites in the names of OpenSSL, and those that are not there. */
export interface CipherSuites {
  /** Separated by colons, as TLS servers take them. */
  readonly openSsl: string
  readonly unknown: readonly string[]
}

/**
 * Reads a comma-separated list of cipher suites in the names of Java, the IETF or OpenSSL.
 * @throws Error when there is none of them
 */
export function cipherSuites(list: string): CipherSuites {
  const offered = new Set(getCiphers())
  const unknown: string[] = []
  const known = list
    .split(/[,:\s]+/)
    .filter(name => name !== '')
    .flatMap(name => {
      const translated = openSslName(name)
      if (offered.has(translated.toLowerCase())) return [translated]
      unknown.push(name)
      return []
    })
  if (known.length === 0) throw new Error(`none of the cipher suites is offered: ${unknown.join(', ')}`)
  return { openSsl: [...new Set(known)].join(':'), unknown }
}

/** `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` is `ECDHE-RSA-AES128-GCM-SHA256` to OpenSSL; TLS 1.3 has names of its own. */
function openSslName(name: string): string {
  const [, exchange, cipher] = /^(?:TLS|SSL)_(.+)_WITH_(.+)$/.exec(name) ?? []
  if (exchange === undefined || cipher === undefined) return name
  const parts = cipher
    .replace(/^CHACHA20_POLY1305_SHA256$/, 'CHACHA20_POLY1305')
    .replace(/^3DES_EDE_CBC_/, 'DES_CBC3_')
    .replace(/^(AES|CAMELLIA|ARIA)_(\d+)_/, '$1$2_')
    .replace(/_CBC_/, '_')
  const prefix = exchange === 'RSA' ? '' : `${exchange.replace('DH_anon', 'ADH')}_`
  return `${prefix}${parts}`.replaceAll('_', '-')
}
