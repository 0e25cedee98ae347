import type { Ports } from './ports.ts'

/** Texts by path in the folder a subject is given. */
export type Files = Readonly<Record<string, string>>

/** Gives what a subject needs in its folder. */
export type Configuration = (ports: Ports) => Files

const XMLNS = 'xmlns="http://ws.apache.org/ns/synapse"'

/** Gives the settings of a gateway: its ports, and lines of deployment.toml for further sections. */
export function settings({ http, probe }: Ports, http1 = '', more = ''): Files {
  return {
    'deployment.toml': `[transport.http]\nlistener.port = ${http}\nlistener.header_timeout_ms = 120000\n${http1}\n[management]\nprobe.port = ${probe}\n${more}`,
  }
}

/** Gives a proxy service with a name and an in sequence. */
export function proxyService(name: string, inSequence: string): Files {
  const text = `<proxy ${XMLNS} name="${name}" transports="http" startOnLoad="true">
  <target>
    <inSequence>
${inSequence}
    </inSequence>
  </target>
</proxy>
`
  return { [`proxy-services/${name}.xml`]: text }
}

/** Gives a sequence with a name. */
export function sequence(name: string, steps: string): Files {
  return { [`sequences/${name}.xml`]: `<sequence ${XMLNS} name="${name}">\n${steps}\n</sequence>\n` }
}

/** A WebSocket relay, and a proxy service that answers 202 and sends on. */
export const relayAndAccept: Configuration = ports => {
  const send = `  <send><endpoint><address uri="ws://127.0.0.1:${ports.backend}/"/></endpoint></send>`
  return {
    ...settings(ports),
    'inbound-endpoints/relay.xml': `<inboundEndpoint ${XMLNS} name="relay" protocol="ws" sequence="relayIn" onError="fault" suspend="false">
  <parameters>
    <parameter name="inbound.ws.port">${ports.relay}</parameter>
    <parameter name="ws.outflow.dispatch.sequence">relayOut</parameter>
    <parameter name="ws.client.side.broadcast.level">0</parameter>
  </parameters>
</inboundEndpoint>
`,
    ...sequence('relayIn', `  <property name="OUT_ONLY" value="true"/>\n${send}`),
    ...sequence('relayOut', '  <respond/>'),
    ...proxyService(
      'bench',
      `<property name="OUT_ONLY" value="true"/>\n<property name="FORCE_SC_ACCEPTED" scope="axis2" value="true"/>\n${send}`,
    ),
  }
}

/** A WebSocket service with one sequence for what clients send. */
function webSocketService(level: 0 | 1, steps: string): Configuration {
  return ports => ({
    ...settings(ports),
    'inbound-endpoints/relay.xml': `<inboundEndpoint ${XMLNS} name="relay" protocol="ws" sequence="speak" suspend="false">
  <parameters>
    <parameter name="inbound.ws.port">${ports.relay}</parameter>
    <parameter name="ws.client.side.broadcast.level">${level}</parameter>
  </parameters>
</inboundEndpoint>
`,
    ...sequence('speak', steps),
  })
}

/** Sends what a client says to all. */
export const broadcastToAll: Configuration = webSocketService(1, '  <respond/>')

/** Sends what a client says to a group that all are in. */
export const broadcastToGroup: Configuration = webSocketService(
  0,
  `  <filter source="boolean(get-property('source.handshake.present'))" regex="true">
    <then><joinGroup name="all"/></then>
    <else><sendToGroup name="all"/></else>
  </filter>`,
)

/** A proxy service that sends requests on over HTTP and returns the answers. */
export const forward: Configuration = ports => ({
  ...settings(ports),
  ...proxyService(
    'bench',
    `<property name="route" value="forward"/>
<send><endpoint><address uri="http://127.0.0.1:${ports.backend}/"/></endpoint></send>`,
  ),
})

/** An address endpoint that finds the answer to a message by an id in it, and waits so long for it. */
export function correlatedEndpoint(
  backend: number,
  { timeoutMs, correlation, more = '' }: { timeoutMs: number; correlation: string; more?: string },
): string {
  return `<endpoint><address uri="ws://127.0.0.1:${backend}/">
  <timeout><duration>${timeoutMs}</duration><responseAction>fault</responseAction></timeout>${more}
  <m:correlation xmlns:m="urn:myelin" ${correlation}/>
</address></endpoint>`
}

/** A proxy service that asks a WebSocket backend and returns what it answers. */
export const ask: Configuration = ports => ({
  ...settings(ports),
  ...proxyService(
    'bench',
    `<call>${correlatedEndpoint(ports.backend, { timeoutMs: 10_000, correlation: 'by="json" field="id"' })}</call>\n<respond/>`,
  ),
})

/** The same as `forward`, for bodies that are longer than what is usually let through. */
export const forwardLong: Configuration = ports => {
  const limit = `max_body_bytes = ${4 * 1024 ** 3}`
  return { ...forward(ports), ...settings(ports, `listener.${limit}\nsender.${limit}`) }
}

/** Attributes of the element that says how an answer finds its question. */
export type Correlation = Readonly<Record<string, string>>

/** No fault keeps the next caller from being served: timeouts are what is looked at. */
const NEVER_SUSPENDED =
  '<suspendOnFailure><errorCodes>-1</errorCodes><initialDuration>0</initialDuration><progressionFactor>1</progressionFactor></suspendOnFailure><markForSuspension><errorCodes>-1</errorCodes></markForSuspension>'

/** Proxy services for JSON and for SOAP that ask one backend; what comes too late is logged, one line each. */
export function pairs(by: { json: Correlation; soap: Correlation; timeoutMs: number }): Configuration {
  const service = (name: string, port: number, correlation: Correlation): Files => {
    const words = Object.entries({ ...correlation, unmatched: 'strays' }).map(
      ([key, value]) => `${key}="${value}"`,
    )
    const endpoint = correlatedEndpoint(port, {
      timeoutMs: by.timeoutMs,
      correlation: words.join(' '),
      more: NEVER_SUSPENDED,
    })
    return proxyService(name, `<call>${endpoint}</call>\n<respond/>`)
  }
  return ports => ({
    ...settings(ports),
    ...service('json', ports.backend, by.json),
    ...service('soap', ports.backend, by.soap),
    ...sequence(
      'strays',
      `<log level="custom"><property name="answer" expression="get-property('correlation.state')"/></log>`,
    ),
  })
}
