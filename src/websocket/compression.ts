import { type Extension, readExtensions } from './extension-header.ts'
import type { CompressionOffer, CompressionOptions } from './options.ts'

/** What both sides agreed on, as one of them sees it. */
export interface Agreement {
  readonly thresholdBytes: number
  readonly deflate: { readonly windowBits: number; readonly keepsContext: boolean }
  readonly inflate: { readonly windowBits: number; readonly keepsContext: boolean }
}

const NAME = 'permessage-deflate'
const MAX_BITS = 15

/** The parameters of an offer or an answer, each at most once. */
interface Parameters {
  readonly server_no_context_takeover?: true
  readonly client_no_context_takeover?: true
  readonly server_max_window_bits?: number
  /** True without a value. */
  readonly client_max_window_bits?: number | true
}

/** What a server answers an offer with. */
export interface Accepted {
  readonly agreement: Agreement
  /** The value of the `Sec-WebSocket-Extensions` header. */
  readonly header: string
}

/**
 * Takes the first offer of a client that can be taken (RFC 7692, 5.1 and 7.1): one with a parameter that is unknown,
 * doubled or out of range is declined. Undefined where there is none; 'malformed' where the header cannot be read.
 */
export function acceptOffer(
  header: string,
  options: CompressionOptions | undefined,
): Accepted | 'malformed' | undefined {
  const offers = readExtensions(header)
  if (!offers) return 'malformed'
  if (!options) return undefined
  for (const offer of offers) {
    const parameters = offer.name === NAME ? parametersOf(offer) : undefined
    if (parameters) return answer(parameters, options)
  }
  return undefined
}

function answer(offer: Parameters, options: CompressionOptions): Accepted {
  const { keepsContext, windowBits, thresholdBytes } = options
  const serverKeeps = keepsContext && !offer.server_no_context_takeover
  const clientKeeps = keepsContext && !offer.client_no_context_takeover
  const serverBits = Math.min(windowBits, offer.server_max_window_bits ?? MAX_BITS)
  const clientMost = offer.client_max_window_bits
  // A client that does not say it can make its window smaller must not be asked to.
  const clientBits =
    clientMost === undefined ? MAX_BITS : Math.min(windowBits, clientMost === true ? MAX_BITS : clientMost)
  const header = [
    NAME,
    ...(serverKeeps ? [] : ['server_no_context_takeover']),
    ...(clientKeeps ? [] : ['client_no_context_takeover']),
    ...(serverBits < MAX_BITS || offer.server_max_window_bits !== undefined
      ? [`server_max_window_bits=${serverBits}`]
      : []),
    ...(clientBits < MAX_BITS ? [`client_max_window_bits=${clientBits}`] : []),
  ].join('; ')
  return {
    header,
    agreement: {
      thresholdBytes,
      deflate: { windowBits: serverBits, keepsContext: serverKeeps },
      inflate: { windowBits: clientBits, keepsContext: clientKeeps },
    },
  }
}

/** Writes what a client offers. */
export function offerOf({ keepsContext, windowBits, server }: CompressionOffer): string {
  const serverBits = server?.windowBits ?? windowBits
  return [
    NAME,
    ...((server?.keepsContext ?? keepsContext) ? [] : ['server_no_context_takeover']),
    ...(keepsContext ? [] : ['client_no_context_takeover']),
    ...(serverBits < MAX_BITS ? [`server_max_window_bits=${serverBits}`] : []),
    windowBits < MAX_BITS ? `client_max_window_bits=${windowBits}` : 'client_max_window_bits',
  ].join('; ')
}

/**
 * Reads what a server answered `offerOf` with: what was agreed on, undefined for no compression.
 * @throws Error with what is wrong where the answer does not fit the offer; the connection must fail then
 */
export function agreedOn(
  header: string | undefined,
  options: CompressionOffer | undefined,
): Agreement | undefined {
  if (header === undefined) return undefined
  const wrong = (what: string): Error =>
    new Error(`the server answered with the extensions "${header}": ${what}`)
  if (!options) throw wrong('none was offered')
  const [extension, ...more] = readExtensions(header) ?? []
  if (!extension) throw wrong('they cannot be read')
  if (extension.name !== NAME || more.length > 0) throw wrong('only permessage-deflate was offered')
  const parameters = parametersOf(extension)
  if (!parameters) throw wrong('a parameter is unknown, doubled or out of range')
  const { keepsContext, windowBits, thresholdBytes, server = options } = options
  if (!server.keepsContext && !parameters.server_no_context_takeover)
    throw wrong('server_no_context_takeover was asked for')
  const serverBits = parameters.server_max_window_bits ?? MAX_BITS
  if (serverBits > server.windowBits) throw wrong(`at most ${server.windowBits} bits were asked for`)
  const clientBits = parameters.client_max_window_bits ?? MAX_BITS
  if (clientBits === true) throw wrong('client_max_window_bits needs a value')
  if (parameters.client_max_window_bits !== undefined && clientBits > windowBits)
    throw wrong(`the window of this side has at most ${windowBits} bits`)
  return {
    thresholdBytes,
    deflate: {
      windowBits: Math.min(clientBits, windowBits),
      keepsContext: keepsContext && !parameters.client_no_context_takeover,
    },
    inflate: { windowBits: serverBits, keepsContext: !parameters.server_no_context_takeover },
  }
}

/** Reads the parameters of RFC 7692, 7.1; undefined where one is unknown, doubled or out of range. */
function parametersOf({ parameters }: Extension): Parameters | undefined {
  const read = new Map<string, number | true>()
  for (const [name, value] of parameters) {
    const known = read.has(name) ? undefined : parameterValue(name, value)
    if (known === undefined) return undefined
    read.set(name, known)
  }
  return Object.fromEntries(read)
}

function parameterValue(name: string, value: string | true): number | true | undefined {
  switch (name) {
    case 'server_no_context_takeover':
    case 'client_no_context_takeover':
      return value === true ? true : undefined
    case 'server_max_window_bits':
      return bitsOf(value)
    case 'client_max_window_bits':
      return value === true ? true : bitsOf(value)
    default:
      return undefined
  }
}

function bitsOf(value: string | true): number | undefined {
  return value !== true && /^(?:[89]|1[0-5])$/.test(value) ? Number(value) : undefined
}
