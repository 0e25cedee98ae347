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
  'disableREST',
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
  doc: 'A parameter of the service. `modifyUserWSDLPortAddress` false leaves the addresses in a WSDL as they are; those of transports that are not there are warnings.',
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

/** Says which parameters have no effect, and refuses those that ask for security that is not there. */
export function reportParameters(parameters: readonly ServiceParameter[], build: Build): void {
  for (const { name, value, span } of parameters) {
    if (ACCEPTED.has(name) || (name === 'inbound.only' && value.trim().toLowerCase() !== 'true')) continue
    if (name === 'engagedModules' && /\brampart\b/i.test(value)) {
      build.error(span, 'not-supported', 'Module rampart is not supported: WS-Security is not there.')
    } else {
      const reason = name.startsWith('transport.')
        ? 'it configures a transport that is not there'
        : 'nothing here reads it'
      build.warning(span, 'no-effect', `Parameter ${name} has no effect: ${reason}.`)
    }
  }
}
