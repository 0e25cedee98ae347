import { describe, expect, test } from 'vitest'
import { jsonToXml } from '../../../src/message/codecs/json-to-xml.ts'
import {
  configureJson,
  DEFAULT_JSON_XML,
  JSON_XML_PROPERTIES,
  jsonXmlOptions,
  readJsonXmlOptions,
} from '../../../src/message/codecs/json-xml-options.ts'
import { xmlToJson } from '../../../src/message/codecs/xml-to-json.ts'
import { Content } from '../../../src/message/content.ts'
import { parseXml } from '../../../src/message/xml/parse.ts'
import { serializeXml } from '../../../src/message/xml/serialize.ts'

type Properties = Readonly<Record<string, string>>

function toJson(xml: string, properties: Properties): string {
  const options = readJsonXmlOptions(Object.entries(properties))
  return JSON.stringify(xmlToJson(parseXml(xml).documentElement!, options))
}

function toXml(json: string, properties: Properties): string {
  return serializeXml(jsonToXml(JSON.parse(json), readJsonXmlOptions(Object.entries(properties))))
}

const J = 'synapse.commons.json.'

describe('XML to JSON', () => {
  const prefixed = '<p:r xmlns:p="u" xmlns="v" p:a="1"><p:b/><c/></p:r>'

  test.each<[string, Properties, string]>([
    [prefixed, {}, '{"r":{"@a":"1","b":null,"c":null}}'],
    [prefixed, { [`${J}preserve.namespace`]: 'true' }, '{"p_r":{"@p_a":"1","p_b":null,"c":null}}'],
    [
      prefixed,
      {
        [`${J}preserve.namespace`]: 'true',
        [`${J}output.namespaceSepChar`]: '^',
        [`${J}output.enableNSDeclarations`]: 'true',
      },
      '{"p^r":{"@xmlns^p":"u","@xmlns":"v","@p^a":"1","p^b":null,"c":null}}',
    ],
    [prefixed, { [`${J}output.enableNSDeclarations`]: 'true' }, '{"r":{"@a":"1","b":null,"c":null}}'],
    ['<r><a>1</a><b>true</b></r>', { [`${J}output.autoPrimitive`]: 'false' }, '{"r":{"a":"1","b":"true"}}'],
    [
      '<r><a>1</a><b>1.5</b><c>true</c></r>',
      { [`${J}output.disableAutoPrimitive.regex`]: '^-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?$' },
      '{"r":{"a":"1","b":"1.5","c":true}}',
    ],
    [
      '<r><a>@@@7</a><b>7</b></r>',
      {
        [`${J}output.disableAutoPrimitive.regex`]: '@@@.*',
        [`${J}json.output.disableAutoPrimitive.customReplaceRegex`]: '@@@',
        [`${J}json.output.disableAutoPrimitive.customReplaceSequence`]: '#',
      },
      '{"r":{"a":"#7","b":7}}',
    ],
    ['<r><?xml-multiple a?><a>1</a></r>', {}, '{"r":{"a":[1]}}'],
    ['<r><?xml-multiple a?><a>1</a></r>', { [`${J}output.jsonoutMultiplePI`]: 'false' }, '{"r":{"a":1}}'],
    [
      '<r><a/><b> </b></r>',
      { 'synapse.commons.enableXmlNullForEmptyElement': 'false' },
      '{"r":{"a":"","b":""}}',
    ],
    ['<r><a/></r>', { [`${J}output.emptyXmlElemToEmptyStr`]: 'true' }, '{"r":{"a":""}}'],
    [
      '<r xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><a xsi:nil="true"/><b/></r>',
      {
        'synapse.commons.enableXmlNilReadWrite': 'true',
        'synapse.commons.enableXmlNullForEmptyElement': 'false',
      },
      '{"r":{"a":null,"b":""}}',
    ],
    [
      '<r xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><a xsi:nil="true"/></r>',
      {},
      '{"r":{"a":{"@nil":"true"}}}',
    ],
    ['<jsonObject/>', { 'synapse.commons.enableXmlNullForEmptyElement': 'false' }, '{}'],
    [
      '<r><a_JsonReader_32_b>1</a_JsonReader_32_b><_JsonReader_9999999_>2</_JsonReader_9999999_></r>',
      {},
      '{"r":{"a b":1,"_JsonReader_9999999_":2}}',
    ],
  ])('%s with %j is %s', (xml, properties, json) => {
    expect(toJson(xml, properties)).toBe(json)
  })
})

describe('JSON to XML', () => {
  test.each<[string, Properties, string]>([
    [
      '{"a":[1],"b":[]}',
      { 'synapse.json.to.xml.processing.instruction.enabled': 'true' },
      '<jsonObject><?xml-multiple a?><a>1</a><?xml-multiple b?></jsonObject>',
    ],
    [
      '{"a":[1]}',
      { [`${J}output.xmloutMultiplePI`]: 'true' },
      '<jsonObject><?xml-multiple a?><a>1</a></jsonObject>',
    ],
    [
      '{"a":null}',
      { 'synapse.commons.enableXmlNilReadWrite': 'true' },
      '<jsonObject><a xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/></jsonObject>',
    ],
    [
      '{"a key":1,"-b":2,"c:d":3,"ª":4,"1":5}',
      { [`${J}buildValidNCNames`]: 'true' },
      '<jsonObject><_JsonReader_PD_1>5</_JsonReader_PD_1><a_JsonReader_32_key>1</a_JsonReader_32_key><_JsonReader_45_b>2</_JsonReader_45_b><c_JsonReader_58_d>3</c_JsonReader_58_d><_JsonReader_170_>4</_JsonReader_170_></jsonObject>',
    ],
  ])('%s with %j is %s', (json, properties, xml) => {
    expect(toXml(json, properties)).toBe(xml)
  })

  test.each(['{"ª":1}', '{"a×b":1}', '{"·":1}'])('%s is no name unless written out', json => {
    expect(() => toXml(json, {})).toThrow('cannot be the name of an XML element')
    expect(toJson(toXml(json, { [`${J}buildValidNCNames`]: 'true' }), {})).toBe(json)
  })

  test('with hints, arrays of one item and of none come back', () => {
    const hints = { 'synapse.json.to.xml.processing.instruction.enabled': 'true' }
    const json = '{"a":[1],"b":[],"c":{"d":[{"e":["x"]}]}}'
    expect(toJson(toXml(json, hints), hints)).toBe(json)
  })
})

test('every property is understood, and others are passed over', () => {
  expect(readJsonXmlOptions([['other', 'true']])).toEqual(DEFAULT_JSON_XML)
  expect(new Set(JSON_XML_PROPERTIES).size).toBe(18)
  expect(() => readJsonXmlOptions([[`${J}output.disableAutoPrimitive.regex`, '(']])).toThrow(SyntaxError)
})

test('the settings of the process count for payloads', () => {
  configureJson(readJsonXmlOptions([[`${J}output.autoPrimitive`, 'false']]))
  try {
    expect(jsonXmlOptions().findsPrimitives).toBe(false)
    const content = new Content(Buffer.from('<a>1</a>'), 'application/xml')
    expect(content.as('application/json').toString()).toBe('{"a":"1"}')
  } finally {
    configureJson(DEFAULT_JSON_XML)
  }
})
