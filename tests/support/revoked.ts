import { sign, X509Certificate } from 'node:crypto'
import type { Identity } from './certificates.ts'

/** Makes the list of certificates that an authority has revoked (RFC 5280, 5), in PEM. */
export function listOfRevoked(authority: Identity, name: string, revoked: readonly Identity[]): string {
  const algorithm = sequence(der(0x06, Buffer.from('2a8648ce3d040302', 'hex')))
  const commonName = sequence(der(0x06, Buffer.from('550403', 'hex')), der(0x0c, Buffer.from(name)))
  const entries = revoked.map(({ cert }) => sequence(serialOf(cert), time(new Date())))
  const list = sequence(
    der(0x02, Buffer.from([1])),
    algorithm,
    sequence(der(0x31, commonName)),
    time(new Date(Date.now() - 3_600_000)),
    time(new Date(Date.now() + 86_400_000)),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
  )
  const signature = der(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', list, authority.key)]))
  const text = sequence(list, algorithm, signature).toString('base64')
  return `-----BEGIN X509 CRL-----\n${text.replace(/.{64}/g, '$&\n')}\n-----END X509 CRL-----\n`
}

function serialOf(cert: string): Buffer {
  const { serialNumber } = new X509Certificate(cert)
  const bytes = Buffer.from(
    serialNumber.padStart(serialNumber.length + (serialNumber.length % 2), '0'),
    'hex',
  )
  return der(0x02, bytes[0]! > 0x7f ? Buffer.concat([Buffer.from([0]), bytes]) : bytes)
}

/** A point in time, to the second. */
function time(date: Date): Buffer {
  return der(0x18, Buffer.from(`${date.toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`))
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts))
}

function der(tag: number, value: Buffer): Buffer {
  const { length } = value
  const head =
    length < 128 ? [tag, length] : length < 256 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from(head), value])
}
