import { pattern, text, type ValueType } from '../language/types.ts'
import { boolean, setting } from './setting.ts'

/** A regular expression, kept as it was written. */
const regex: ValueType<string> = {
  name: pattern.name,
  parse(value, at) {
    pattern.parse(value, at)
    return value
  },
}

/** How JSON and XML are made of each other. The keys are those of the original, doubled `json` and all. */
export const jsonXmlSettings = {
  'synapse_properties.synapse.commons.json.preserve.namespace': setting(
    boolean,
    false,
    'Whether the JSON made of XML keeps prefixes in its names.',
  ),
  'synapse_properties.synapse.commons.json.output.namespaceSepChar': setting(
    text,
    '_',
    'What stands between prefix and name then.',
  ),
  'synapse_properties.synapse.commons.json.output.enableNSDeclarations': setting(
    boolean,
    false,
    'Whether it has the declarations of namespaces too, as `@xmlns…`, where it keeps prefixes.',
  ),
  'synapse_properties.synapse.commons.json.output.autoPrimitive': setting(
    boolean,
    true,
    'Whether texts that look like a number, a boolean or null become one.',
  ),
  'synapse_properties.synapse.commons.json.output.disableAutoPrimitive.regex': setting(
    regex,
    undefined,
    'Texts that match stay texts.',
  ),
  'synapse_properties.synapse.commons.json.json.output.disableAutoPrimitive.customReplaceRegex': setting(
    regex,
    undefined,
    'What is replaced in the texts that stay texts by the setting above.',
  ),
  'synapse_properties.synapse.commons.json.output.disableAutoPrimitive.customReplaceRegex': setting(
    regex,
    undefined,
    'The same, under the name one expects.',
  ),
  'synapse_properties.synapse.commons.json.json.output.disableAutoPrimitive.customReplaceSequence': setting(
    text,
    '',
    'What it is replaced by.',
  ),
  'synapse_properties.synapse.commons.json.output.disableAutoPrimitive.customReplaceSequence': setting(
    text,
    '',
    'The same, under the name one expects.',
  ),
  'synapse_properties.synapse.commons.json.output.jsonoutAutoArray': setting(
    boolean,
    true,
    'Accepted; neighbours of one name are always an array, as one would overwrite the other.',
  ),
  'synapse_properties.synapse.commons.json.output.jsonoutMultiplePI': setting(
    boolean,
    true,
    'Whether a single element behind `<?xml-multiple name?>` becomes an array.',
  ),
  'synapse_properties.synapse.commons.json.output.xmloutAutoArray': setting(
    boolean,
    true,
    'Accepted; an array always becomes neighbours of one name.',
  ),
  'synapse_properties.synapse.commons.json.output.xmloutMultiplePI': setting(
    boolean,
    false,
    'Whether `<?xml-multiple name?>` is written in front of what was an array.',
  ),
  'synapse_properties.synapse.json.to.xml.processing.instruction.enabled': setting(
    boolean,
    false,
    'The same, under its newer name.',
  ),
  'synapse_properties.synapse.commons.json.output.emptyXmlElemToEmptyStr': setting(
    boolean,
    false,
    'Whether an empty element becomes the empty text rather than null.',
  ),
  'synapse_properties.synapse.commons.enableXmlNullForEmptyElement': setting(
    boolean,
    true,
    'Whether an empty element becomes null rather than the empty text.',
  ),
  'synapse_properties.synapse.commons.enableXmlNilReadWrite': setting(
    boolean,
    false,
    'Whether null is read from `xsi:nil="true"`, and written as it.',
  ),
  'synapse_properties.synapse.commons.json.buildValidNCNames': setting(
    boolean,
    false,
    'Whether characters of JSON names that no element can have are written as `_JsonReader_<code>_`; without it such a name is an error.',
  ),
} as const
