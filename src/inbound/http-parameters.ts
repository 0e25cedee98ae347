import { Expected, port, text, type ValueType } from '../language/types.ts'
import { httpsParameters } from './https-parameters.ts'

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

/** What `http` and `httpws` inbound endpoints have in common, in the original's names. */
export const dispatchParameters = {
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
} as const

/** Parameters of `http` and `https` inbound endpoints, in the original's names. */
export const httpParameters = {
  'inbound.http.port': {
    type: port,
    doc: 'Port to listen on; 0 takes a free one. The setting inbound.port.offset.enable adds the port offset.',
    required: true,
  },
  ...dispatchParameters,
  ...httpsParameters,
} as const
