import { isTrue } from '../core/transport-state.ts'
import type { Build } from '../language/declare.ts'
import type { Field } from '../language/field.ts'
import { resolvedValue } from '../language/resolved.ts'
import type { Span } from '../language/source.ts'

/** A `<parameter>` of a service. */
export interface ServiceParameter {
  readonly name: string
  readonly value: string
  readonly span: Span
}

/** Parameters that say nothing the gateway would do otherwise, or that are read where they matter. */
const ACCEPTED: ReadonlySet<string> = new Set([
  'useOriginalwsdl',
  'modifyUserWSDLPortAddress',
  'enablePublishWSDLSafeMode',
  'disableOperationValidation',
  'showAbsoluteSchemaURL',
  'showProxySchemaURL',
  'serviceType',
  'ScenarioID',
  'httpLocationTable',
  'ApplicationXMLBuilder.allowDTD',
])

/** The `<parameter>` elements of a service; they may hold text or XML. */
export const serviceParameters: Field<readonly ServiceParameter[]> = {
  kind: 'children',
  name: 'parameter',
  doc: 'A parameter of the service. `modifyUserWSDLPortAddress` false leaves the addresses in a WSDL as they are; `inbound.only` true leaves the service to inbound endpoints with `dispatch.filter.pattern`; those of transports that are not there are warnings.',
  isRequired: false,
  read(_name, reader) {
    return reader.takeChildren('parameter').flatMap(element => {
      const given = element.attributes.find(({ name }) => name === 'name')
      if (given) {
        const name = given.value.trim()
        const value = resolvedValue(element.text, missing => {
          const message = `parameter ${name} needs ${missing}, which the environment does not have; it counts as not given.`
          reader.warning(
            element.textSpan,
            'unresolved-value',
            message,
            `Set the environment variable ${missing}.`,
          )
        })
        return value === undefined ? [] : [{ name, value, span: given.valueSpan }]
      }
      reader.wrong(element.span, 'missing', '<parameter> needs attribute name.')
      return []
    })
  },
}

/** Whether a service is there for the inbound endpoints alone that pass requests on. */
export function isInboundOnly(parameters: readonly ServiceParameter[]): boolean {
  return parameters.some(({ name, value }) => name === INBOUND_ONLY && isTrue(value))
}

const INBOUND_ONLY = 'inbound.only'

/** Says which parameters have no effect, and refuses those that ask for security that is not there. */
export function reportParameters(parameters: readonly ServiceParameter[], build: Build): void {
  for (const { name, value, span } of parameters) {
    if (ACCEPTED.has(name) || name === INBOUND_ONLY || (name === 'disableREST' && !isTrue(value))) continue
    if (name === 'engagedModules' && /\brampart\b/i.test(value)) {
      build.error(span, 'not-supported', 'Module rampart is not supported: WS-Security is not there.')
    } else {
      const reason = name.startsWith('transport.')
        ? 'it configures a transport that is not there'
        : name === 'disableREST'
          ? 'calls without SOAP are taken all the same'
          : 'nothing here reads it'
      build.warning(span, 'no-effect', `Parameter ${name} has no effect: ${reason}.`)
    }
  }
}
