// What is wrong with `auth`, and how it is said.

import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { explainText } from '../../src/deployment/explain.ts'
import type { Fields } from '../../src/language/field.ts'
import { accessFields } from '../../src/services/access-fields.ts'
import { MYELIN } from '../cli/program.ts'
import { TestFolder } from '../support/certificates.ts'
import { buildGateway } from '../support/gateway.ts'
import { cheapHash, IdentityServer, SECRET, startGuarded } from './access.ts'
import { findingsOf } from './serve.ts'

const page = readFileSync('docs/guide/access.md', 'utf8')
const blocks = [...page.matchAll(/^```(yaml|ts)\n(.*?)^```/gms)].map(
  ([, kind, text]) => [kind!, text!] as const,
)

const SIGNED = `signatureConfig: {secret: "${SECRET}"}`
const around = (auth: string): string => `basePath: /a\nonMessage: respond\nauth:\n${auth}\n`

test.each([
  [
    'an option that is not there',
    `  - jwt: {${SIGNED}, audienc: a}`,
    /:4:\d+ error unknown-option\n +jwtValidatorConfig has no option audienc\.\n[\s\S]*\^{7}\n +Did you mean audience\?/,
  ],
  [
    'an option of nothing like it',
    `  - jwt: {${SIGNED}, aud: a}`,
    /error unknown-option[\s\S]*no option aud/,
  ],
  [
    'a kind that is not there',
    '  - jwtValidatorConf: {}',
    /error unknown-option[\s\S]*Did you mean jwtValidatorConfig\?/,
  ],
  ['no kind', '  - scopes: a', /4:5 error bad-combination[\s\S]*needs one of/],
  ['two kinds', `  - {jwt: {${SIGNED}}, users: a.yaml}`, /fileUserStoreConfig and jwtValidatorConfig/],
  [
    'LDAP',
    '  - ldapUserStoreConfig: {domainName: x}',
    /4:5 error not-supported[\s\S]*fileUserStoreConfig[\s\S]*jwtValidatorConfig/,
  ],
  ['no signature', '  - jwt: {issuer: a}', /error missing[\s\S]*anybody could make tokens/],
  [
    'two signatures',
    `  - jwt: {signatureConfig: {secret: "${SECRET}", certFile: a.pem}}`,
    /there are several/,
  ],
  [
    'a file that is not there',
    '  - jwt: {signatureConfig: {certFile: a.pem}}',
    /4:39 error missing-file[\s\S]*a\.pem cannot be read: ENOENT/,
  ],
  [
    'a certificate as a secret',
    '  - jwt: {signatureConfig: {secret: "-----BEGIN PUBLIC KEY-----"}}',
    /error bad-value[\s\S]*certFile/,
  ],
  ['a short secret', '  - jwt: {signatureConfig: {secret: abc}}', /warning weak-secret[\s\S]*3 bytes/],
  [
    'a secret of the environment that is not there',
    '  - jwt: {signatureConfig: {secret: "$SYSTEM:NO_SUCH_SECRET"}}',
    /no NO_SUCH_SECRET/,
  ],
  [
    'an address that is none',
    '  - jwt: {signatureConfig: {jwksConfig: {url: "ftp://a"}}}',
    /https:\/\/id\.example\.com\/keys/,
  ],
  ['an address with a password', '  - oauth2: {url: "http://a:b@c"}', /clientConfig has auth/],
  ['no address', '  - oauth2: {scopeKey: s}', /needs attribute url/],
  [
    'a trust store',
    '  - jwt: {signatureConfig: {trustStoreConfig: {trustStore: a}}}',
    /trustStoreConfig of signatureConfig is not supported[\s\S]*certFile/,
  ],
  [
    'certificates that are not checked',
    '  - oauth2: {url: "https://a", clientConfig: {secureSocket: {disable: true}}}',
    /always checked/,
  ],
  [
    'what has no effect',
    `  - jwt: {${SIGNED}, cacheConfig: {evictionFactor: 0.2}}`,
    /warning no-effect[\s\S]*evictionFactor/,
  ],
  [
    'a place that is none',
    `  - {jwt: {${SIGNED}}, tokenFrom: [heder]}`,
    /tokenFrom is "heder"; expected places out of header, query:NAME/,
  ],
  ['a header of another name', `  - {jwt: {${SIGNED}}, tokenFrom: "header:X"}`, /expected places/],
  ['no scope', `  - {jwt: {${SIGNED}}, scopes: " "}`, /at least one scope/],
  [
    'a close code that is none',
    `  - {jwt: {${SIGNED}}, closeCode: 1006}`,
    /closeCode is 1006; expected 1008, or 3000 to 4999/,
  ],
  ['claims that are none', `  - jwt: {${SIGNED}, customClaims: 7}`, /expected a map/],
  ['no users', '  - fileUserStoreConfig: {}', /needs a file, or users/],
  [
    'a password as it is',
    '  - users: [{username: ana, password: secret}]',
    /4:39 error bad-value[\s\S]*myelin hash-password/,
  ],
  [
    'a hash that is too dear',
    '  - users: [{username: ana, password: "$scrypt$ln=30,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAA"}]',
    /no hash/,
  ],
  ['a user without a name', '  - users: [{password: x}]', /needs attribute username/],
  ['a list that is empty', '  []', /empty list/],
  ['no map', '  - jwt', /auth is a list of maps/],
  ['renewal of passwords', '  - {users: [], renewalKey: a}', /renewalKey has no effect/],
])('%s', (_what, auth, expected) => {
  const found = findingsOf('a.yaml', around(auth)).join('\n')
  expect(found).toMatch(expected)
  expect(found).toMatch(/a\.yaml:\d+:\d+ (?:error|warning)/)
})

test('what is wrong in a users file is told with its place there', async () => {
  using folder = new TestFolder()
  const hash = await cheapHash('p')
  const written = (text: string): string =>
    findingsOf('a.yaml', around(`  users: ${folder.write('users.yaml', text)}`)).join('\n')
  expect(written(`users:\n  - {username: a, password: plain}\n`)).toMatch(
    /users\.yaml:2:29 error bad-value[\s\S]*\^/,
  )
  expect(written(`- {username: a, pasword: x}`)).toMatch(
    /users\.yaml:1:17 error unknown-option[\s\S]*password\?/,
  )
  expect(written(`- {username: a, password: "${hash}"}\n- {username: a, password: "${hash}"}`)).toMatch(
    /2:1 error duplicate-name|2:3 error duplicate-name/,
  )
  expect(written(`- {username: "a:b", password: "${hash}"}`)).toMatch(/colon/)
  expect(written('- a')).toMatch(/A user is a map/)
  expect(written('users: 7')).toMatch(/has a list `users`/)
  expect(written('a: [')).toMatch(/users\.yaml:1:\d+ error malformed-yaml/)
  expect(written(`- {username: a, password: "${hash}"}`)).toBe('')
})

test('a key that is too weak, or none, is told', () => {
  using folder = new TestFolder()
  const found = (pem: string): string =>
    findingsOf('a.yaml', around(`  jwt: {signatureConfig: {certFile: ${folder.write('k.pem', pem)}}}`)).join(
      '\n',
    )
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
  expect(found(weak.export({ type: 'spki', format: 'pem' }) as string)).toMatch(
    /rsa key in .*k\.pem is too weak/,
  )
  expect(found('nothing')).toMatch(/holds no certificate and no public key/)
})

test('a service whose auth is wrong is not served: nobody gets in without', () => {
  const found = findingsOf('a.yaml', around('  jwt: {}'))
  expect(found).toHaveLength(1)
})

test('XML says the same', () => {
  const found = findingsOf(
    'a.xml',
    `<service xmlns="urn:myelin" name="a" basePath="/a">
  <auth scops="x"><jwtValidatorConfig><signatureConfig secret="${SECRET}"/><nonsense/></jwtValidatorConfig></auth>
  <onMessage><respond/></onMessage>
</service>`,
  ).join('\n')
  expect(found).toMatch(/a\.xml:2:9 error unknown-option[\s\S]*Did you mean scopes\?/)
  expect(found).toMatch(/jwtValidatorConfig has no option nonsense/)
})

test('frames are logged without tokens where messages may hold some', async () => {
  const text = around(`  - {jwt: {${SIGNED}}, renewalKey: token}`)
  const found = findingsOf('a.yaml', `${text}parameters: {ws.log.frames: frames}\n`).join('\n')
  expect(found).toMatch(/Frames are logged without their content/)
})

test('explain says how a service is guarded, and no secret', () => {
  const auth = around(`  - {jwt: {${SIGNED}}, scopes: [x, y], tokenFrom: [header, "query:t"]}`)
  const { gateway } = buildGateway({ files: { 'a.yaml': `name: a\n${auth}` } })
  const out = explainText(gateway.models)
  expect(out).toContain('auth jwtValidatorConfig from header,query:t scopes x,y')
  expect(out).not.toContain(SECRET)
})

test('hash-password makes what a list of users takes', async () => {
  const hash = execFileSync(MYELIN, ['hash-password'], { input: 'pässword\nmore\n', encoding: 'utf8' }).trim()
  expect(hash).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$/)
  await using server = await IdentityServer.start()
  await using gateway = await startGuarded(`[{ users: [{ username: 'ana', password: '${hash}' }] }]`)
  const url = gateway.url('ws', 'guarded').replace('ws:', 'http:')
  const headers = { Authorization: `Basic ${Buffer.from('ana:pässword').toString('base64')}` }
  expect((await fetch(`${url}/who`, { headers })).status).toBe(200)
  expect(server.asked).toBe(0)
})

describe('the guide', () => {
  beforeAll(() => {
    process.env.INTROSPECTION_PASSWORD = 'x'
  })
  afterAll(() => {
    delete process.env.INTROSPECTION_PASSWORD
  })

  test.each(blocks)('%s block %#', (kind, text) => {
    expect(findingsOf(`a.${kind}`, text)).toEqual([])
  })

  test('has every option', () => {
    const names = (fields: Fields): string[] =>
      Object.entries(fields).flatMap(([name, field]) => [name, ...names(field.fields ?? {})])
    const missing = names(accessFields).filter(name => !new RegExp(`[\\x60.{< ]${name}\\b`).test(page))
    expect(missing).toEqual([])
  })
})
