import { derived, type WellKnown } from './well-known-entry.ts'

/** What is known of the certificate a client showed. A client without one has none of these. */
export const tlsProperties: readonly WellKnown[] = [
  ...derived(
    'ssl.client.auth.cert.X509',
    ['axis2'],
    'The certificate the client showed and the chain behind it, as PEM; it was verified.',
    ctx => ctx.origin.request?.certificate?.pem,
  ),
  ...derived(
    'ssl.client.auth.cert.subject',
    ['axis2'],
    'Whose certificate that is, such as `CN=orders, O=Example`. Not in the original.',
    ctx => ctx.origin.request?.certificate?.subject,
  ),
  ...derived(
    'ssl.client.auth.cert.issuer',
    ['axis2'],
    'Who issued it. Not in the original.',
    ctx => ctx.origin.request?.certificate?.issuer,
  ),
  ...derived(
    'ssl.client.auth.cert.names',
    ['axis2'],
    'Its alternative names, such as `DNS:orders.example`. Not in the original.',
    ctx => ctx.origin.request?.certificate?.names,
  ),
  ...derived(
    'ssl.client.auth.cert.serial',
    ['axis2'],
    'Its serial number, in hexadecimal. Not in the original.',
    ctx => ctx.origin.request?.certificate?.serial,
  ),
  ...derived(
    'ssl.client.auth.cert.fingerprint',
    ['axis2'],
    'Its SHA-256 fingerprint, in hexadecimal with colons. Not in the original.',
    ctx => ctx.origin.request?.certificate?.fingerprint,
  ),
]
