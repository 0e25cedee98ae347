/** The mapping between JSON and XML, in one place. */
export { ExactNumber } from './exact-number.ts'
export { jsonToXml } from './json-to-xml.ts'
export { JsonXmlError } from './json-xml-error.ts'
export { xmlToJson } from './xml-to-json.ts'
