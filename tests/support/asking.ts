import type { Backend, BackendConnection, BackendOptions } from './backends.ts'
import { startBackend } from './backends.ts'
import { proxy } from './configurations.ts'
import type { TestGateway } from './gateway.ts'
import { ask } from './http-backend.ts'

/** Replies known by the member `id`. */
export const BY_ID = 'by="json" field="id"'

/** An endpoint that waits for replies, and is never suspended. */
export function correlated(url: string, attributes: string, timeoutMs = 5_000): string {
  return `<endpoint><address uri="${url}">
    <timeout><duration>${timeoutMs}</duration><responseAction>fault</responseAction></timeout>
    <markForSuspension><errorCodes>-1</errorCodes></markForSuspension>
    <suspendOnFailure><errorCodes>-1</errorCodes></suspendOnFailure>
    <m:correlation xmlns:m="urn:myelin" ${attributes}/>
  </address></endpoint>`
}

const RESPOND_FAULT = `<payloadFactory media-type="json"><format>{"fault":"$1"}</format><args><arg expression="get-property('ERROR_CODE')"/></args></payloadFactory><respond/>`
/** The sequence `strays`, which logs what it gets. */
export const LOG_STRAY = `<sequence name="strays"><log level="custom"><property name="STRAY" expression="concat(get-property('correlation.state'), ' ', get-property('correlation.id'))"/><property name="BODY" expression="json-eval($)"/></log></sequence>`

/** A proxy service that asks and answers. */
export function asking(endpoint: string, more = ''): string {
  return proxy('asks', `<call>${endpoint}</call><respond/>`, { fault: RESPOND_FAULT }) + LOG_STRAY + more
}

/** What a backend answers to a message; undefined for nothing. */
export type Answer = (
  message: Record<string, unknown>,
  connection: BackendConnection,
  text: string,
) => unknown

/** A backend for JSON; what it is told to answer it sends, undefined for nothing. */
export function startJson(answer: Answer, options: BackendOptions = {}): Promise<Backend> {
  return startBackend({
    ...options,
    answer(data, _isBinary, connection) {
      const text = data.toString()
      const reply = answer(JSON.parse(text) as Record<string, unknown>, connection, text)
      if (reply !== undefined)
        connection.webSocket.send(typeof reply === 'string' ? reply : JSON.stringify(reply))
    },
  })
}

/** Asks the proxy service, in JSON unless the headers say otherwise. */
export function post(
  gateway: TestGateway,
  body: unknown,
  headers: Record<string, string> = {},
): ReturnType<typeof ask> {
  return ask(gateway.url('http', 'asks'), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

/** How the messages of the proxy service have ended. */
export function endings(gateway: TestGateway): Record<string, number> {
  const { ended } = gateway.gateway.counters.get('proxy service asks')!
  return Object.fromEntries(Object.entries(ended).filter(([, count]) => count > 0))
}
