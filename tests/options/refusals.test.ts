// Who writes an option that is refused, or means something else, is told so by its name.

import { describe, expect, test } from 'vitest'
import { commands } from '../../src/cli/index.ts'
import { checkCollection } from '../../src/collections/check-collection.ts'
import { Diagnostics } from '../../src/language/diagnostic.ts'
import type { OptionEntry } from '../../src/language/option-registry.ts'
import { optionEntries } from '../../src/language/options/index.ts'
import { Source } from '../../src/language/source.ts'
import { readYaml } from '../../src/language/yaml.ts'
import { startProbes } from '../../src/management/probes.ts'
import { startManagement } from '../../src/management/server.ts'
import { connect } from '../../src/sdk/index.ts'
import { findingsOf } from '../services/serve.ts'
import { buildGateway, startGateway } from '../support/gateway.ts'
import { mockFindings } from '../support/mocks.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { declaredAt } from './declared.ts'

const inXml = (xml: string): string => said(buildGateway({ xml }).gateway.diagnostics)
const sequence = (steps: string): string => inXml(`<sequence name="s">${steps}</sequence>`)

function said(diagnostics: Diagnostics): string {
  return diagnostics
    .all()
    .map(({ message, hint = '' }) => `${message} ${hint}\n`)
    .join('')
}

function collectionFindings(options: string): string {
  const diagnostics = new Diagnostics()
  const source = new Source(
    'a.yaml',
    `collection: A\nconnections:\n  - {name: A, url: "ws://localhost", ${options}}\n`,
  )
  checkCollection(readYaml(source, diagnostics)!, source, diagnostics)
  return said(diagnostics)
}

async function client(options: object): Promise<string> {
  return connect('ws://localhost:1', options).then(
    () => '',
    error => String(error),
  )
}

/** A service with the option, whether it is one of several or stands inside of others. */
function service(option: string): string {
  const [first = '', ...inner] = option.split('.')
  const value = inner.reduceRight<unknown>((rest, name) => ({ [name]: rest }), first === 'server' ? 'x' : {})
  const own =
    first === 'secureSocket'
      ? { listen: { port: 1, secureSocket: value } }
      : { [first]: inner.length > 0 || first !== 'server' ? value : 'x' }
  return findingsOf('a.yaml', JSON.stringify({ name: 'a', onMessage: ['respond'], ...own })).join('\n')
}

/** How an option of a place is written, and what is said of it then. */
const SAID: Readonly<Record<string, (option: string) => string | Promise<string>>> = {
  'inbound ws': option =>
    inXml(`<inboundEndpoint name="t" protocol="ws" sequence="main"><parameters>
      <parameter name="inbound.ws.port">0</parameter><parameter name="${option}">com.acme.X</parameter>
    </parameters></inboundEndpoint>`),
  property: option => sequence(`<property name="${option}" value="1"/>`),
  artifact: option => inXml(`<${option} name="x"/>`),
  mediator: option => sequence(`<${option}/>`),
  'endpoint address': option =>
    sequence(
      option === 'optimize'
        ? '<send><endpoint><address uri="http://a" optimize="mtom"/></endpoint></send>'
        : `<send><endpoint><address uri="http://a"><${option}/></address></endpoint></send>`,
    ),
  'artifact proxy': option =>
    inXml(`<proxy name="p"><target><inSequence><drop/></inSequence></target><${option}/></proxy>`),
  setting: option => {
    const diagnostics = buildGateway({ toml: `${option} = "5"\n` }).gateway.diagnostics
    return said(diagnostics)
  },
  service,
  'service auth': option =>
    findingsOf(
      'a.yaml',
      JSON.stringify({ name: 'a', onMessage: ['respond'], auth: [{ [option]: {} }] }),
    ).join('\n'),
  secureSocket: option => client({ secureSocket: { [option]: {} } }),
  'mock external-body': option =>
    mockFindings(
      `- endpoint: {path: /a, response: {external-body: {provider: json, path: a.json, ${option}: x}}}`,
    ).join('\n'),
  'mock file': () => {
    const diagnostics = new Diagnostics()
    return import('../../src/mocks/read-mocks.ts').then(({ readMocks }) => {
      readMocks(new Source('mocks.edn', '[{}]'), diagnostics)
      return said(diagnostics)
    })
  },
  auth: () => collectionFindings('auth: {windows: {currentUser: true}}'),
  httpVersion: () => collectionFindings('httpVersion: "2.0"'),
  command: option => (commands.some(({ name }) => name === option) ? '' : option),
}

/** What a finding must have of an option: its last word, in small letters; versions as they are. */
function nameOf(option: string): string {
  return (/\d/.test(option) ? option : option.split(/[. ]/).at(-1)!).toLowerCase()
}

/** Nobody can write these here: they are told by the command `options`. */
const NOT_WRITTEN: ReadonlySet<string> = new Set([
  'mi',
  'gateway',
  'desktop client',
  'collection import',
  'mock environment',
])

/** These are asked over HTTP. */
const ASKED: ReadonlySet<string> = new Set(['management', 'probe'])

const refused = optionEntries.filter(({ status }) => status === 'refused')

describe('a refused option', () => {
  test.each(
    refused
      .filter(({ where }) => SAID[where])
      .map(entry => [`${entry.where}: ${entry.option}`, entry] as const),
  )('%s', async (_name, { where, option }) => {
    expect((await SAID[where]!(option)).toLowerCase()).toContain(nameOf(option))
  })

  test('stands nowhere else', () => {
    const others = refused.filter(({ where }) => !SAID[where] && !NOT_WRITTEN.has(where) && !ASKED.has(where))
    expect(others).toEqual([])
  })

  test('of the management API and the probes is answered with 501, and what to use', async () => {
    await using gateway = await startGateway({ xml: '' })
    const management = await startManagement(gateway.gateway, {
      port: 0,
      host: 'localhost',
      localToken: 'local',
      version: '1',
      log: new RecordingLogger(),
      stop() {},
    })
    const probes = await startProbes(gateway.gateway, { port: 0, host: 'localhost', version: '1' })
    const ask = async ({ where, option }: OptionEntry): Promise<string> => {
      const base = where === 'probe' ? `http://localhost:${probes.port}` : `${management.url}/management`
      const response = await fetch(base + option, { headers: { Authorization: 'Bearer local' } })
      return `${response.status} ${await response.text()}`
    }
    try {
      for (const entry of optionEntries.filter(({ where }) => ASKED.has(where))) {
        const answer = await ask(entry)
        if (entry.status === 'refused') expect(answer).toContain(entry.as)
        else expect(answer, entry.option).not.toMatch(/^(?:404|501)/)
      }
    } finally {
      await management.close(0)
      await probes.close()
    }
  })
})

describe('an option that means something else', () => {
  const mapped = optionEntries.filter(({ status }) => status === 'mapped')

  test('is taken where components declare it', () => {
    const places = /^(?:inbound ws|artifact|artifact sequence|mediator)$/
    const untaken = mapped.filter(
      ({ where, option }) => places.test(where) && declaredAt(where)!.get(option) !== 'there',
    )
    expect(untaken).toEqual([])
  })

  test.each(mapped.filter(({ where }) => where === 'setting'))(
    '$option is a warning with the setting there is',
    ({ option, as }) => {
      expect(SAID.setting!(option)).toMatch(
        new RegExp(`Setting ${option.replaceAll('.', '\\.')} is not used. Use ${as}`),
      )
    },
  )
})
