import type { MessageContext } from '../core/context.ts'
import type { Fault } from '../core/fault.ts'
import { BodyError } from '../message/body-error.ts'
import { SOAP11, SOAP12, type SoapVersion, wrap } from '../message/codecs/soap.ts'
import { buildFault, soapCode } from '../message/codecs/soap-fault.ts'
import { writeXml } from '../message/codecs/xml.ts'
import { XmlElement, XmlText } from '../message/xml/tree.ts'
import type { ClientFormat } from './client-format.ts'

/** What a caller gets for a fault that was not answered. */
export interface Failure {
  readonly status: number
  readonly contentType: string
  readonly body: Buffer
  /** When it may be worth another try, in seconds; undefined where that is not known. */
  readonly retryAfterS?: number
}

/**
 * Says what a caller gets for a fault nobody answered; undefined where a fault sequence has dealt with it. A delivery
 * fault and a body that cannot be read count all the same: no sequence can make up for them without a response of its
 * own. The details go to the log, not to the caller.
 */
export function failureOf(ctx: MessageContext, fault: Fault, client: ClientFormat): Failure | undefined {
  if (ctx.isFaultHandled && !fault.isDelivery && !isOfRequest(fault.cause)) return undefined
  const [status, message] = described(fault)
  const version = VERSIONS[client]
  const retry = status === 503 &&
    fault.retryAfterMs !== undefined && { retryAfterS: inSeconds(fault.retryAfterMs) }
  if (version) return { ...soapFailure(ctx, fault, status, message, version), ...retry }
  const body = Buffer.from(JSON.stringify({ code: fault.code, message, id: ctx.id }))
  return { status, contentType: 'application/json; charset=utf-8', body, ...retry }
}

function inSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1_000))
}

const VERSIONS: Readonly<Record<ClientFormat, SoapVersion | undefined>> = {
  soap11: SOAP11,
  soap12: SOAP12,
  json: undefined,
  rest: undefined,
}

/** Gives the status a caller gets for a fault. */
export function statusOf(fault: Fault): number {
  return described(fault)[0]
}

/** Whether it was the caller's own body that could not be had. */
function isOfRequest(cause: unknown): cause is BodyError {
  return cause instanceof BodyError && cause.of === 'request'
}

/** Gives the status of a fault, and what of it may be said. */
function described(fault: Fault): readonly [number, string] {
  const { cause, code, isDelivery } = fault
  if (isOfRequest(cause)) return [cause.failure === 'too-large' ? 413 : 400, cause.message]
  if (!isDelivery) return [500, 'the message could not be mediated']
  if (code === 101504) return [504, 'the backend did not answer in time']
  if (code === 306000) return [503, 'the message cannot be stored now']
  if (code === 101509 || Number(code) >= 303000) return [503, 'the endpoint cannot take the message']
  return [502, 'the backend could not be reached, or its answer was none']
}

function soapFailure(
  ctx: MessageContext,
  { code }: Fault,
  status: number,
  reason: string,
  version: SoapVersion,
): Failure {
  const named = (name: string, text: string): XmlElement => {
    const element = new XmlElement(name, '', '')
    element.append(new XmlText(text))
    return element
  }
  const nodes = [named('code', String(code)), named('id', ctx.id)]
  const whose = status < 500 ? 'Client' : 'Server'
  const fault = buildFault({ code: soapCode(whose), reason, detail: { attributes: [], nodes } }, version)
  const type = version === SOAP12 ? 'application/soap+xml' : 'text/xml'
  return {
    // A SOAP fault of the server is a 500 (SOAP 1.1, 6.2).
    status: Math.min(status, 500),
    contentType: `${type}; charset=UTF-8`,
    body: Buffer.from(writeXml(wrap([fault], version))),
  }
}
