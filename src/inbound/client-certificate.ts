import type { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { CertificateFacts } from '../core/ports.ts'
import { subjectOf } from './keystore.ts'

/** A certificate that a client showed and that was verified. What it says is read when somebody asks. */
export class ClientCertificate implements CertificateFacts {
  readonly #certificate: X509Certificate

  constructor(certificate: X509Certificate) {
    this.#certificate = certificate
  }

  get pem(): string {
    const chain: string[] = []
    let next: X509Certificate | undefined = this.#certificate
    while (next && chain.length < MAX_CHAIN) {
      chain.push(next.toString())
      next = next.issuerCertificate
    }
    return chain.join('')
  }

  get subject(): string {
    return subjectOf(this.#certificate)
  }

  get issuer(): string {
    return this.#certificate.issuer.split('\n').reverse().join(', ')
  }

  get serial(): string {
    return this.#certificate.serialNumber
  }

  get fingerprint(): string {
    return this.#certificate.fingerprint256
  }

  get names(): string {
    return this.#certificate.subjectAltName ?? ''
  }
}

const MAX_CHAIN = 16

const shown = new WeakMap<Socket, ClientCertificate>()

/** Remembers the certificate of a client, for as long as its connection is there. */
export function rememberCertificate(socket: TLSSocket): void {
  const certificate = socket.getPeerX509Certificate()
  if (certificate) shown.set(socket, new ClientCertificate(certificate))
}

/** Gives the certificate the client of a connection showed; undefined where it showed none. */
export function certificateOf(socket: Socket): ClientCertificate | undefined {
  return shown.get(socket)
}
