import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { Diagnostics, format } from '../src/language/diagnostic.ts'
import { Source } from '../src/language/source.ts'
import { DEFAULT_JSON_XML } from '../src/message/codecs/json-xml-options.ts'
import { readSettings, SETTINGS, Settings } from '../src/settings.ts'
import { proxy } from './support/configurations.ts'
import { startGateway } from './support/gateway.ts'
import { ask } from './support/http-backend.ts'

function read(text: string): { settings: Settings; found: string[]; errors: number } {
  const diagnostics = new Diagnostics()
  const settings = readSettings(new Source('deployment.toml', text), diagnostics)
  return { settings, found: diagnostics.all().map(format), errors: diagnostics.errors }
}

type Key = keyof typeof SETTINGS

/** Every key, a value other than the default as it is written, and what it is read as. */
const VALUES: Record<Key, [string, unknown]> = {
  'server.offset': ['10', 10],
  'myelin.data_folder': ['"/var/lib/myelin"', '/var/lib/myelin'],
  'myelin.redis.url': ['"redis://localhost:6379"', 'redis://localhost:6379'],
  'myelin.redis.prefix': ['"shop"', 'shop'],
  'myelin.node_id': ['"gateway-1"', 'gateway-1'],
  'transport.http.listener.enable': ['false', false],
  'transport.http.listener.port': ['0', 0],
  'transport.http.listener.host': ['"127.0.0.1"', '127.0.0.1'],
  'transport.http.listener.max_body_bytes': ['1_000', 1_000],
  'transport.http.socket_timeout': ['60_000', 60_000],
  'transport.http.listener.header_timeout_ms': ['2_000', 2_000],
  'transport.http.listener.max_header_bytes': ['8_192', 8_192],
  'transport.http.listener.max_headers': ['50', 50],
  'transport.http.listener.trusted_proxies': ['["10.0.0.0/8", "::1"]', ['10.0.0.0/8', '::1']],
  'transport.http.listener.forwarded_headers': ['"Forwarded"', 'Forwarded'],
  'transport.http.listener.secured_enable': ['false', false],
  'transport.http.listener.secured_port': ['8443', 8443],
  'transport.http.listener.secured_protocols': ['"TLSv1.3"', 'TLSv1.3'],
  'transport.http.listener.secured_verify_client': ['"require"', 'require'],
  'transport.http.listener.preferred_ciphers': ['"TLS_AES_128_GCM_SHA256"', 'TLS_AES_128_GCM_SHA256'],
  'keystore.tls.file_name': ['"server.p12"', 'server.p12'],
  'keystore.tls.password': ['"secret"', 'secret'],
  'keystore.tls.key_password': ['"secret"', 'secret'],
  'synapse_properties.synapse.rest.CORSConfig.enabled': ['false', false],
  'synapse_properties.synapse.rest.CORSConfig.Access-Control-Allow-Origin': [
    '"https://a.example.com, *"',
    ['https://a.example.com', '*'],
  ],
  'synapse_properties.synapse.rest.CORSConfig.Access-Control-Allow-Headers': ['"X-A"', ['X-A']],
  'transport.http.sender.max_body_bytes': ['1_000', 1_000],
  'transport.http.sender.connect_timeout_ms': ['500', 500],
  'truststore.file_name': ['"trust.jks"', 'trust.jks'],
  'truststore.password': ['"secret"', 'secret'],
  'keystore.tls.key_file_name': ['"server.key"', 'server.key'],
  'keystore.tls.alias': ['"gateway"', 'gateway'],
  'keystore.tls.type': ['"JKS"', 'JKS'],
  'keystore.primary.file_name': ['"wso2carbon.jks"', 'wso2carbon.jks'],
  'keystore.primary.password': ['"secret"', 'secret'],
  'keystore.primary.key_password': ['"secret"', 'secret'],
  'keystore.primary.alias': ['"wso2carbon"', 'wso2carbon'],
  'keystore.primary.type': ['"JKS"', 'JKS'],
  'truststore.type': ['"JKS"', 'JKS'],
  'truststore.alias': ['"symmetric.key.value"', 'symmetric.key.value'],
  'truststore.algorithm': ['"AES"', 'AES'],
  'transport.http.listener.keystore.file_name': ['"listener.p12"', 'listener.p12'],
  'transport.http.listener.keystore.password': ['"secret"', 'secret'],
  'transport.http.listener.keystore.key_password': ['"secret"', 'secret'],
  'transport.http.listener.keystore.key_file_name': ['"listener.key"', 'listener.key'],
  'transport.http.listener.keystore.type': ['"JKS"', 'JKS'],
  'transport.http.listener.truststore.file_name': ['"trust.p12"', 'trust.p12'],
  'transport.http.listener.truststore.password': ['"secret"', 'secret'],
  'transport.http.listener.truststore.type': ['"JKS"', 'JKS'],
  'transport.http.listener.verify_client': ['"optional"', 'optional'],
  'transport.http.sender.keystore.file_name': ['"sender.p12"', 'sender.p12'],
  'transport.http.sender.keystore.password': ['"secret"', 'secret'],
  'transport.http.sender.keystore.key_password': ['"secret"', 'secret'],
  'transport.http.sender.keystore.key_file_name': ['"sender.key"', 'sender.key'],
  'transport.http.sender.keystore.type': ['"JKS"', 'JKS'],
  'transport.http.sender.truststore.file_name': ['"trust.p12"', 'trust.p12'],
  'transport.http.sender.truststore.password': ['"secret"', 'secret'],
  'transport.http.sender.truststore.type': ['"JKS"', 'JKS'],
  'transport.http.sender.hostname_verifier': ['"AllowAll"', 'AllowAll'],
  'transport.wss.sender.keystore_location': ['"sender.p12"', 'sender.p12'],
  'transport.wss.sender.keystore_password': ['"secret"', 'secret'],
  'transport.wss.sender.key_location': ['"sender.key"', 'sender.key'],
  'transport.wss.sender.key_password': ['"secret"', 'secret'],
  'synapse_properties.inbound.port.offset.enable': ['true', true],
  'synapse_properties.synapse.global_timeout_interval': ['60_000', 60_000],
  'synapse_properties.synapse.global_endpoint_suspend_duration': ['1_000', 1_000],
  'synapse_properties.synapse.global_endpoint_suspend_progression_factor': ['1.5', 1.5],
  'synapse_properties.synapse.override_endpoint_suspend_config_with_global_values': ['true', true],
  'synapse_properties.build.message.on.failover.enable': ['true', true],
  'synapse_properties.synapse.endpoint.http.oauth.cache.timeout': ['600', 600],
  'synapse_properties.synapse.commons.json.preserve.namespace': ['true', true],
  'synapse_properties.synapse.commons.json.output.namespaceSepChar': ['"^"', '^'],
  'synapse_properties.synapse.commons.json.output.enableNSDeclarations': ['true', true],
  'synapse_properties.synapse.commons.json.output.autoPrimitive': ['false', false],
  'synapse_properties.synapse.commons.json.output.disableAutoPrimitive.regex': ['"[0-9]+"', '[0-9]+'],
  'synapse_properties.synapse.commons.json.json.output.disableAutoPrimitive.customReplaceRegex': [
    '"@+"',
    '@+',
  ],
  'synapse_properties.synapse.commons.json.output.disableAutoPrimitive.customReplaceRegex': ['"@+"', '@+'],
  'synapse_properties.synapse.commons.json.json.output.disableAutoPrimitive.customReplaceSequence': [
    '"#"',
    '#',
  ],
  'synapse_properties.synapse.commons.json.output.disableAutoPrimitive.customReplaceSequence': ['"#"', '#'],
  'synapse_properties.synapse.commons.json.output.jsonoutAutoArray': ['false', false],
  'synapse_properties.synapse.commons.json.output.jsonoutMultiplePI': ['false', false],
  'synapse_properties.synapse.commons.json.output.xmloutAutoArray': ['false', false],
  'synapse_properties.synapse.commons.json.output.xmloutMultiplePI': ['true', true],
  'synapse_properties.synapse.json.to.xml.processing.instruction.enabled': ['true', true],
  'synapse_properties.synapse.commons.json.output.emptyXmlElemToEmptyStr': ['true', true],
  'synapse_properties.synapse.commons.enableXmlNullForEmptyElement': ['false', false],
  'synapse_properties.synapse.commons.enableXmlNilReadWrite': ['true', true],
  'synapse_properties.synapse.commons.json.buildValidNCNames': ['true', true],
  'transport.ws.sender.enable': ['false', false],
  'transport.ws.sender.outflow_dispatch_sequence': ['"out"', 'out'],
  'transport.ws.sender.outflow_dispatch_fault_sequence': ['"outFault"', 'outFault'],
  'transport.ws.sender.parameter.ws.custom.header': ['"x-"', 'x-'],
  'transport.ws.sender.parameter.ws.headers.preserve': [
    '"Cookie, Authorization"',
    ['Cookie', 'Authorization'],
  ],
  'transport.ws.sender.parameter.ws.client.enable.hostname.verification': ['"false"', false],
  'transport.ws.max_message_bytes': ['1024', 1024],
  'transport.ws.handshake_timeout_ms': ['500', 500],
  'transport.ws.max_frame_bytes': ['65536', 65_536],
  'transport.ws.sender.compression.enable': ['true', true],
  'transport.ws.sender.compression.threshold_bytes': ['100', 100],
  'transport.ws.sender.compression.context_takeover': ['true', true],
  'transport.ws.sender.compression.window_bits': ['12', 12],
  'transport.ws.close_timeout_ms': ['700', 700],
  'transport.ws.queue.max_messages': ['5', 5],
  'transport.ws.queue.max_bytes': ['6', 6],
  'transport.ws.max_buffered_bytes': ['7', 7],
  'transport.ws.spill_folder': ['"spill"', 'spill'],
  'transport.ws.groups.max_per_session': ['7', 7],
  'transport.wss.sender.enable': ['false', false],
  'transport.wss.sender.truststore_location': ['"trust.jks"', 'trust.jks'],
  'transport.wss.sender.truststore_password': ['"secret"', 'secret'],
  'myelin.script.timeout_ms': ['100', 100],
  'myelin.script.memory_mb': ['16', 16],
  'management_api.enable': ['false', false],
  'management_api.port': ['9154', 9154],
  'management_api.host': ['"10.0.0.1"', '10.0.0.1'],
  'management_api.username': ['"operator"', 'operator'],
  'management_api.password': ['"secret"', 'secret'],
  'internal_apis.file_user_store.enable': ['false', false],
  'myelin.drain.announce_ms': ['5_000', 5_000],
  'myelin.drain.spread_ms': ['30_000', 30_000],
  'myelin.drain.close_code': ['1012', 1012],
  'management.probe.enable': ['false', false],
  'management.probe.port': ['9999', 9999],
  'management.probe.host': ['"::1"', '::1'],
  'myelin.cluster.answer_timeout_ms': ['300', 300],
  'myelin.cluster.max_cached_bytes': ['300', 300],
  'myelin.strict': ['true', true],
  'myelin.shutdown_grace_ms': ['0', 0],
  'myelin.log.level': ['"debug"', 'debug'],
  'myelin.log.wire': ['"frames"', 'frames'],
  'myelin.demo_backend.enable': ['true', true],
  'myelin.demo_backend.port': ['8083', 8083],
}

describe('every setting', () => {
  test.each(Object.entries(VALUES))('%s = %s', (key, [written, value]) => {
    expect(new Settings().get(key as Key)).not.toEqual(value)
    const { settings, found } = read(`${key} = ${written}`)
    expect(found).toEqual([])
    expect(settings.get(key as Key)).toEqual(value)
  })

  test('is tried here', () => {
    expect(Object.keys(VALUES).sort()).toEqual(Object.keys(SETTINGS).sort())
  })

  test('has a default that the gateway runs with', () => {
    const settings = new Settings()
    expect(settings.get('transport.http.listener.port')).toBe(8280)
    expect(settings.get('management.probe.port')).toBe(9201)
    expect(settings.get('transport.ws.max_message_bytes')).toBe(16 * 1024 * 1024)
    expect(settings.get('transport.ws.sender.parameter.ws.client.enable.hostname.verification')).toBe(true)
    expect(settings.webSocket(undefined)).toMatchObject({
      customHeaderPrefix: 'websocket.custom.header.',
      preservedHeaders: [],
      handshakeTimeoutMs: 10_000,
      tls: { verifyHostName: true },
    })
    expect(settings.webSocket({ ca: 'PEM' }).tls.ca).toBe('PEM')
  })
})

describe('how they may be written', () => {
  test.each([
    ['a table', '[transport.http]\nlistener.port = 8281'],
    ['a table of its own', '[transport.http.listener]\nport = 8281'],
    ['an inline table', '[transport]\nhttp = { listener = { port = 8281 } }'],
    ['a quoted key', '[transport.\'http\']\n"listener".port = 8281'],
    ['a full key', 'transport.http.listener.port = 8281'],
    ['text', '[transport.http]\nlistener.port = "8281"'],
    ['the line ends of Windows', '# comment\r\n[transport.http]\r\nlistener.port = 8281 # more\r\n'],
  ])('%s', (_how, text) => {
    const { settings, found } = read(text)
    expect(found).toEqual([])
    expect(settings.get('transport.http.listener.port')).toBe(8281)
  })

  test('names with dots inside quotes, as the original writes parameters', () => {
    const { settings, found } = read(
      `[transport.ws]\nsender.parameter.'ws.custom.header' = "x-"\n"sender.parameter.ws.headers.preserve" = ["Cookie", "X-A"]`,
    )
    expect(found).toEqual([])
    expect(settings.webSocket(undefined).customHeaderPrefix).toBe('x-')
    expect(settings.webSocket(undefined).preservedHeaders).toEqual(['Cookie', 'X-A'])
  })

  test('an empty file is one with all defaults', () => {
    expect(read('').found).toEqual([])
    expect(read('[transport.http]\n').found).toEqual([])
  })
})

describe('wrong values', () => {
  test('each is told with its place and what would be right', () => {
    const { settings, found, errors } = read(`[server]
offset = -1

[transport.http]
  listener.port = 70000
listener.enable = "flase"
listener.max_body_bytes = 1.5

[myelin]
log = { level = "loud" }
`)
    expect(found).toEqual([
      `deployment.toml:2:1 error bad-value
  Setting server.offset is "-1"; expected a whole number from 0 to 60000.
  2 | offset = -1
    | ^^^^^^`,
      `deployment.toml:5:3 error bad-value
  Setting transport.http.listener.port is "70000"; expected a whole number from 0 to 65535.
  5 |   listener.port = 70000
    |   ^^^^^^^^^^^^^`,
      `deployment.toml:6:1 error bad-value
  Setting transport.http.listener.enable is "flase"; expected true or false.
  6 | listener.enable = "flase"
    | ^^^^^^^^^^^^^^^`,
      `deployment.toml:7:1 error bad-value
  Setting transport.http.listener.max_body_bytes is "1.5"; expected a whole number of at least 1.
  7 | listener.max_body_bytes = 1.5
    | ^^^^^^^^^^^^^^^^^^^^^^^`,
      `deployment.toml:10:1 error bad-value
  Setting myelin.log.level is "loud"; expected one of trace, debug, info, warn, error, fatal, silent.
  10 | log = { level = "loud" }
     | ^^^`,
    ])
    expect(errors).toBe(5)
    expect(settings.get('transport.http.listener.port')).toBe(8280)
  })

  test('keys that mean nothing here are warnings, the near ones with a suggestion', () => {
    const { found, errors } = read(`[transport.http]
listener.prot = 8280
[[transport.jms.listener]]
name = "default"
[server]
hostname = "localhost"
`)
    expect(found).toEqual([
      `deployment.toml:2:1 warning unused-setting
  Setting transport.http.listener.prot is not used.
  2 | listener.prot = 8280
    | ^^^^^^^^^^^^^
  Did you mean transport.http.listener.port?`,
      `deployment.toml:3:1 warning unused-setting
  Setting transport.jms.listener is not used.
  3 | [[transport.jms.listener]]
    | ^^^^^^^^^^^^^^^^^^^^^^^^^^`,
      `deployment.toml:6:1 warning unused-setting
  Setting server.hostname is not used.
  6 | hostname = "localhost"
    | ^^^^^^^^`,
    ])
    expect(errors).toBe(0)
  })

  test('a name that every object has is no setting', () => {
    expect(read('[myelin]\nconstructor = 1').found[0]).toMatch(/warning unused-setting/)
    expect(read('toString = 1').found[0]).toMatch(/warning unused-setting/)
  })

  test.each([
    ['[server\noffset = 1', 1],
    ['[server]\noffset = ', 2],
    ['[server]\n\noffset = 1\noffset = 2', 4],
    ['a = "unclosed', 1],
  ])('%j is no TOML, and the rest has its defaults', (text, line) => {
    const { settings, found, errors } = read(text)
    expect(errors).toBe(1)
    expect(found[0]).toMatch(
      new RegExp(`^deployment\\.toml:${line}:\\d+ error malformed-toml\\n  [^\\n]+\\.\\n`),
    )
    expect(settings.get('server.offset')).toBe(0)
  })
})

describe('how JSON and XML are made of each other', () => {
  test('is told by the properties of the original, in quotes or in tables', () => {
    const { settings, found } = read(`[synapse_properties]
"synapse.commons.json.preserve.namespace" = true
"synapse.commons.json.output.disableAutoPrimitive.regex" = "[0-9]+"
synapse.commons.enableXmlNullForEmptyElement = "false"
`)
    expect(found).toEqual([])
    expect(settings.jsonXml()).toEqual({
      ...DEFAULT_JSON_XML,
      keepsPrefixes: true,
      staysText: /^(?:[0-9]+)$/u,
      emptyIsNull: false,
    })
    expect(new Settings().jsonXml()).toEqual(DEFAULT_JSON_XML)
  })

  test('a pattern that is none is an error', () => {
    const { found } = read(
      '[synapse_properties]\n"synapse.commons.json.output.disableAutoPrimitive.regex" = "("',
    )
    expect(found[0]).toMatch(/error bad-value\n.*is "\("; expected a regular expression/)
  })

  test('holds for the messages of a gateway made with them', async () => {
    const settings = { 'synapse_properties.synapse.commons.json.output.autoPrimitive': false }
    const type = '<property name="messageType" scope="axis2" value="application/json"/>'
    await using gateway = await startGateway({ xml: proxy('p', `${type}<respond/>`), settings })

    const { body } = await ask(gateway.url('http'), {
      method: 'POST',
      body: '<o><n>1</n></o>',
      headers: { 'Content-Type': 'application/xml' },
    })

    expect(body).toBe('{"o":{"n":"1"}}')
  })
})

describe('the environment', () => {
  afterEach(() => {
    vi.unstubAllEnvs()
  })

  test('stands in for $env{NAME}, alone or inside a value', () => {
    vi.stubEnv('MYELIN_PORT', '8290')
    vi.stubEnv('MYELIN_NAME', 'orders')
    const { settings, found } = read(`[transport]
http.listener.port = "$env{MYELIN_PORT}"
ws.sender.outflow_dispatch_sequence = "$env{MYELIN_NAME}-out-$env{MYELIN_NAME}"
`)
    expect(found).toEqual([])
    expect(settings.get('transport.http.listener.port')).toBe(8290)
    expect(settings.get('transport.ws.sender.outflow_dispatch_sequence')).toBe('orders-out-orders')
  })

  test('a variable that is not set is an error', () => {
    expect(read('[server]\noffset = "$env{MYELIN_NOT_SET}"').found).toEqual([
      `deployment.toml:2:1 error bad-value
  Setting server.offset is "$env{MYELIN_NOT_SET}"; expected the environment variable MYELIN_NOT_SET to be set.
  2 | offset = "$env{MYELIN_NOT_SET}"
    | ^^^^^^`,
    ])
  })
})

test('the delivered settings are free of findings', () => {
  const text = readFileSync(join(import.meta.dirname, '../config/deployment.toml'), 'utf8')
  expect(read(text).found).toEqual([])
})
