import { Expected, type ValueType } from '../language/types.ts'
import { SOAP11, SOAP12 } from '../message/codecs/soap.ts'
import { type FaultName, soapCode } from '../message/codecs/soap-fault.ts'

/** A fault code as it is written, with the namespace its prefix stands for. */
export const faultCode: ValueType<FaultName> = {
  name: 'prefix:Name',
  parse(value, { namespaces }) {
    const [prefix = '', name] = value.trim().split(':', 2)
    if (name === undefined || name === '')
      throw new Expected('a code with a prefix, such as soap:Server', 'Declare the prefix as that of SOAP.')
    const namespaceURI = namespaces.get(prefix)
    if (namespaceURI === undefined)
      throw new Expected('a code with a prefix that is declared', `Add xmlns:${prefix}="${SOAP11}".`)
    return { name, namespaceURI, prefix }
  },
}

/** Takes a code that was computed: what stands before a colon can only be a prefix of SOAP's. */
export function faultNameOf(text: string): FaultName {
  const name = text.trim()
  return soapCode(name.slice(name.indexOf(':') + 1))
}

/** Whether a code is one of SOAP's own. */
export function isOfSoap({ namespaceURI }: FaultName): boolean {
  return namespaceURI === SOAP11 || namespaceURI === SOAP12
}
