/** The classes of message processors. */
export const CLASS = {
  forwarding: 'org.apache.synapse.message.processor.impl.forwarder.ScheduledMessageForwardingProcessor',
  sampling: 'org.apache.synapse.message.processor.impl.sampler.SamplingProcessor',
  failover: 'org.apache.synapse.message.processor.impl.failover.FailoverScheduledMessageForwardingProcessor',
} as const

type Parameters = Readonly<Record<string, string | number | boolean>>

/** A message processor; without a target what it takes from `s` goes to endpoint `e`. */
export function processor(
  name: string,
  kind: keyof typeof CLASS,
  parameters: Parameters,
  { store = 's', to = kind === 'forwarding' ? 'targetEndpoint="e"' : '' } = {},
): string {
  const given = { interval: 1, 'client.retry.interval': 5, ...parameters }
  const written = Object.entries(given).map(([key, value]) => `<parameter name="${key}">${value}</parameter>`)
  return `<messageProcessor name="${name}" class="${CLASS[kind]}" messageStore="${store}" ${to}>${written.join('')}</messageProcessor>`
}

/** An endpoint `e` that is never left alone, whatever fails. */
export function neverSuspended(url: string, more = ''): string {
  return `<endpoint name="e"><address uri="${url}">
    <suspendOnFailure><errorCodes>-1</errorCodes><initialDuration>0</initialDuration></suspendOnFailure>
    <markForSuspension><errorCodes>-1</errorCodes></markForSuspension>${more}</address></endpoint>`
}

/** A sequence that logs its name with the payload, and expressions by name. */
export function logging(name: string, values: Readonly<Record<string, string>> = {}): string {
  const properties = Object.entries({ [name]: 'json-eval($)', ...values }).map(
    ([key, expression]) => `<property name="${key}" expression="${expression}"/>`,
  )
  return `<sequence name="${name}"><log level="custom">${properties.join('')}</log><drop/></sequence>`
}
