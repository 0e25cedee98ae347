/** How JSON and XML are made of each other. */
export interface JsonXmlOptions {
  /** Keeps the prefixes of elements and attributes in keys, joined by the separator. */
  readonly keepsPrefixes: boolean
  readonly prefixSeparator: string
  /** Writes namespace declarations as `"@xmlns…"`, where prefixes are kept. */
  readonly writesDeclarations: boolean
  /** Turns texts that look like a number, a boolean or null into one. */
  readonly findsPrimitives: boolean
  /** Texts that match stay texts; matches of the second pattern in them are replaced. */
  readonly staysText: RegExp | undefined
  readonly replaced: RegExp | undefined
  readonly replacement: string
  /** Makes an array of a single element behind `<?xml-multiple name?>`. */
  readonly readsArrayHints: boolean
  /** Writes `<?xml-multiple name?>` in front of the elements of an array. */
  readonly writesArrayHints: boolean
  /** An empty element is null, rather than the empty text. */
  readonly emptyIsNull: boolean
  /** Reads and writes null as `xsi:nil="true"`. */
  readonly usesNil: boolean
  /** Writes characters of keys that no name can have as `_JsonReader_<code>_`, rather than refusing the key. */
  readonly escapesNames: boolean
}

/** What counts unless somebody says otherwise. */
export const DEFAULT_JSON_XML: JsonXmlOptions = {
  keepsPrefixes: false,
  prefixSeparator: '_',
  writesDeclarations: false,
  findsPrimitives: true,
  staysText: undefined,
  replaced: undefined,
  replacement: '',
  readsArrayHints: true,
  writesArrayHints: false,
  emptyIsNull: true,
  usesNil: false,
  escapesNames: false,
}

let current = DEFAULT_JSON_XML

/** Sets how the payloads of this process are translated, those of every gateway in it. */
export function configureJson(options: JsonXmlOptions): void {
  current = options
}

/** Tells how the payloads of this process are translated. */
export function jsonXmlOptions(): JsonXmlOptions {
  return current
}

type Setting = (value: string) => Partial<JsonXmlOptions>

const isTrue = (value: string): boolean => value.trim().toLowerCase() === 'true'
const NOTHING: Setting = () => ({})

const PREFIX = 'synapse.commons.json.'

/** The properties of the original, by name. Those that change nothing concern ways of writing that are lossless here. */
const SETTINGS: ReadonlyMap<string, Setting> = new Map<string, Setting>([
  [`${PREFIX}preserve.namespace`, value => ({ keepsPrefixes: isTrue(value) })],
  [`${PREFIX}output.namespaceSepChar`, value => ({ prefixSeparator: value })],
  [`${PREFIX}output.enableNSDeclarations`, value => ({ writesDeclarations: isTrue(value) })],
  [`${PREFIX}output.autoPrimitive`, value => ({ findsPrimitives: isTrue(value) })],
  [`${PREFIX}output.disableAutoPrimitive.regex`, value => ({ staysText: pattern(`^(?:${value})$`, '') })],
  [`${PREFIX}json.output.disableAutoPrimitive.customReplaceRegex`, replaced],
  [`${PREFIX}output.disableAutoPrimitive.customReplaceRegex`, replaced],
  [`${PREFIX}json.output.disableAutoPrimitive.customReplaceSequence`, value => ({ replacement: value })],
  [`${PREFIX}output.disableAutoPrimitive.customReplaceSequence`, value => ({ replacement: value })],
  [`${PREFIX}output.jsonoutAutoArray`, NOTHING],
  [`${PREFIX}output.jsonoutMultiplePI`, value => ({ readsArrayHints: isTrue(value) })],
  [`${PREFIX}output.xmloutAutoArray`, NOTHING],
  [`${PREFIX}output.xmloutMultiplePI`, value => ({ writesArrayHints: isTrue(value) })],
  ['synapse.json.to.xml.processing.instruction.enabled', value => ({ writesArrayHints: isTrue(value) })],
  [`${PREFIX}output.emptyXmlElemToEmptyStr`, value => ({ emptyIsNull: !isTrue(value) })],
  ['synapse.commons.enableXmlNullForEmptyElement', value => ({ emptyIsNull: isTrue(value) })],
  ['synapse.commons.enableXmlNilReadWrite', value => ({ usesNil: isTrue(value) })],
  [`${PREFIX}buildValidNCNames`, value => ({ escapesNames: isTrue(value) })],
])

/** Names of the properties that say how JSON and XML are made of each other. */
export const JSON_XML_PROPERTIES: readonly string[] = [...SETTINGS.keys()]

/**
 * Makes options of properties such as `synapse.commons.json.preserve.namespace`; names that are none of
 * `JSON_XML_PROPERTIES` are passed over.
 * @throws SyntaxError when a value is a pattern that cannot be compiled
 */
export function readJsonXmlOptions(
  properties: Iterable<readonly [name: string, value: string]>,
  base: JsonXmlOptions = DEFAULT_JSON_XML,
): JsonXmlOptions {
  let options = base
  for (const [name, value] of properties) options = { ...options, ...SETTINGS.get(name)?.(value) }
  return options
}

function replaced(value: string): Partial<JsonXmlOptions> {
  return { replaced: value === '' ? undefined : pattern(value, 'g') }
}

/** Java takes escapes that the strict mode here refuses. */
function pattern(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, `${flags}u`)
  } catch {
    return new RegExp(source, flags)
  }
}
