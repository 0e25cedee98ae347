import { Expected, oneOf, port, text, type ValueType } from '../language/types.ts'
import { parseXml, XmlError } from '../message/xml/parse.ts'

/** A key store or trust store as it is written in a parameter. */
export interface StoreFile {
  readonly location: string
  readonly password: string | undefined
  readonly keyPassword: string | undefined
}

/** `<KeyStore><Location/><Type/><Password/><KeyPassword/></KeyStore>`. */
const store: ValueType<StoreFile> = {
  name: 'key store as XML',
  parse(value) {
    const expected = new Expected('an element with <Location> and <Password>')
    try {
      const root = parseXml(value).documentElement!
      const part = (name: string): string | undefined =>
        root.children.find(child => child.localName === name)?.text.trim() || undefined
      const location = part('Location')
      if (location === undefined) throw expected
      return { location, password: part('Password'), keyPassword: part('KeyPassword') }
    } catch (error) {
      if (error instanceof XmlError) throw expected
      throw error
    }
  },
}

/** A Java pattern with white space and comments in it, for the whole of an address. */
const addressPattern: ValueType<RegExp> = {
  name: 'pattern',
  parse(value) {
    const plain = value.replace(/\\.|\[(?:\\.|[^\]])*\]|\s+|#[^\n]*/g, part =>
      /^[\\[]/.test(part) ? part : '',
    )
    try {
      return new RegExp(`^(?:${plain})$`, 's')
    } catch {
      throw new Expected('a regular expression')
    }
  },
}

const THREADS = { type: text, doc: 'Accepted; there are no threads to size.' } as const

/** Parameters of `http` and `https` inbound endpoints, in the original's names. */
export const httpParameters = {
  'inbound.http.port': { type: port, doc: 'Port to listen on; 0 takes a free one.', required: true },
  'dispatch.filter.pattern': {
    type: addressPattern,
    doc: 'Pattern for the whole of path and query. Requests that match go to the API or proxy service with their path; all others, and those without such a service, to main.',
  },
  'api.dispatching.enabled': {
    type: text,
    doc: 'Accepted; dispatch.filter.pattern and binds-to of the API take its place.',
  },
  'inbound.worker.pool.size.core': THREADS,
  'inbound.worker.pool.size.max': THREADS,
  'inbound.worker.thread.keep.alive.sec': THREADS,
  'inbound.worker.pool.queue.length': THREADS,
  'inbound.thread.group.id': THREADS,
  'inbound.thread.id': THREADS,
  keystore: {
    type: store,
    takesXml: true,
    doc: 'https: key store with the certificate: JKS, PKCS#12 or PEM.',
  },
  truststore: {
    type: store,
    takesXml: true,
    doc: 'https: store of the authorities that client certificates must come from, where SSLVerifyClient is require.',
  },
  SSLVerifyClient: {
    type: oneOf('none', 'optional', 'require'),
    doc: 'https: whether clients must show a certificate; optional asks for none.',
    default: 'none',
  },
  SSLProtocol: { type: text, doc: 'Accepted; HttpsProtocols says which versions there are.' },
  HttpsProtocols: {
    type: text,
    doc: 'https: TLS versions, comma-separated; those that are not safe are left out.',
  },
  PreferredCiphers: {
    type: text,
    doc: 'https: cipher suites, comma-separated, in the names of OpenSSL or the IETF.',
  },
  CertificateRevocationVerifier: {
    type: text,
    takesXml: true,
    doc: 'Refused: certificates are not checked for being revoked.',
  },
} as const
