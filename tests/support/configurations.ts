/** What differs between inbound endpoints with one backend. */
export interface RelayOptions {
  readonly name?: string
  readonly protocol?: 'ws' | 'wss'
  readonly suspend?: boolean
  /** Parameters of the inbound endpoint; a free port is taken unless one is set. */
  readonly parameters?: Readonly<Record<string, string | number | boolean>>
  /** Mediators before the message is sent on. */
  readonly before?: string
  /** Mediators for what clients send, in place of `before` and the sending. */
  readonly dispatch?: string
  /** Mediators for what the backend sends. */
  readonly out?: string
  /** Mediators for faults; by default they log `FAULT = ` and the code. */
  readonly fault?: string
}

/** Logs the code of a fault: `FAULT = 101503`. */
export const LOG_FAULT = `<log level="custom"><property name="FAULT" expression="get-property('ERROR_CODE')"/></log>`

/** Sends messages on to a backend. */
export function sendTo(address: string): string {
  return `<property name="OUT_ONLY" value="true"/><send><endpoint><address uri="${address}"/></endpoint></send>`
}

/** Artifacts of an inbound endpoint, with the sequences NAME-in, NAME-out and NAME-fault. */
export function relay(backend: string, options: RelayOptions = {}): string {
  const { name = 'clients', protocol = 'ws', suspend = false } = options
  const {
    before = '',
    dispatch = `${before}${sendTo(backend)}`,
    out = '<respond/>',
    fault = LOG_FAULT,
  } = options
  const parameters = {
    'inbound.ws.port': 0,
    'ws.outflow.dispatch.sequence': `${name}-out`,
    'ws.outflow.dispatch.fault.sequence': `${name}-fault`,
    ...options.parameters,
  }
  return `
    <inboundEndpoint name="${name}" protocol="${protocol}" sequence="${name}-in" onError="${name}-fault" suspend="${suspend}">
      <parameters>
        ${Object.entries(parameters)
          .map(([key, value]) => `<parameter name="${key}">${value}</parameter>`)
          .join('\n        ')}
      </parameters>
    </inboundEndpoint>
    <sequence name="${name}-in">${dispatch}</sequence>
    <sequence name="${name}-out">${out}</sequence>
    <sequence name="${name}-fault">${fault}</sequence>`
}

/** An inbound endpoint without a backend. */
export function service(dispatch: string, options: RelayOptions = {}): string {
  return relay('', { ...options, dispatch })
}

/** A proxy service with the sequences NAME-in and NAME-fault. */
export function proxy(
  name: string,
  dispatch: string,
  options: { fault?: string; target?: string } = {},
): string {
  const { fault = LOG_FAULT, target = '' } = options
  return `
    <proxy name="${name}"><target inSequence="${name}-in" faultSequence="${name}-fault">${target}</target></proxy>
    <sequence name="${name}-in">${dispatch}</sequence>
    <sequence name="${name}-fault">${fault}</sequence>`
}
