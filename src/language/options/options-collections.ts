import type { OptionEntry, OptionStatus } from '../option-registry.ts'

type Row = readonly [id: string, options: string]

/** Options that are written in collections under the names that they have. */
const WRITTEN: Readonly<Record<string, readonly Row[]>> = {
  collection: [
    ['P-01', 'collection folders connections'],
    ['P-02', 'id'],
    ['P-03', 'headers auth'],
    ['P-16', 'createdAt pororoca pororocaWithout'],
    ['P-18', 'variables environments'],
  ],
  'collection folder': [
    ['P-01', 'name folders connections'],
    ['P-16', 'pororoca pororocaWithout'],
  ],
  'collection connection': [
    ['P-01', 'name url'],
    ['P-03', 'headers auth'],
    ['P-04', 'subprotocols'],
    ['P-05', 'compression'],
    ['P-07', 'secureSocket'],
    ['P-08', 'messages'],
    ['P-14', 'httpVersion'],
    ['P-16', 'pororoca pororocaWithout'],
    ['P-20', 'capture'],
    ['P-33', 'expect reconnect'],
  ],
  'collection secureSocket': [['P-07', 'cert']],
  'collection reconnect': [['P-33', 'maxCount interval backOffFactor maxWaitInterval retryOn']],
  'collection param': [
    ['P-04', 'name value enabled'],
    ['P-16', 'pororoca pororocaWithout'],
  ],
  'collection variable': [
    ['P-18', 'name value enabled secret environment'],
    ['P-16', 'pororoca pororocaWithout'],
  ],
  'collection environment': [
    ['P-07', 'insecure'],
    ['P-16', 'id createdAt pororoca pororocaWithout'],
    ['P-18', 'name current variables'],
  ],
  'collection auth': [
    ['P-15', 'basic bearer clientCertificate inherit none windows'],
    ['P-16', 'pororoca pororocaWithout'],
  ],
  'collection basic auth': [['P-15', 'username password']],
  'collection client certificate': [
    ['P-15', 'pkcs12 pem keyFile password'],
    ['P-16', 'pororoca pororocaWithout'],
  ],
  'collection windows auth': [['P-15', 'currentUser login password domain']],
  'collection compression': [
    [
      'P-05',
      'clientMaxWindowBits serverMaxWindowBits clientContextTakeover serverContextTakeover thresholdBytes',
    ],
    ['P-16', 'pororoca pororocaWithout'],
  ],
  'collection message': [
    ['P-08', 'name type'],
    ['P-09', 'content file encoding'],
    ['P-16', 'syntax pororoca pororocaWithout'],
    ['P-17', 'compress'],
    ['P-20', 'capture'],
    ['P-30', 'code reason'],
    ['P-33', 'expect'],
  ],
  'collection expectation': [
    ['P-33', 'type equals equalsFile contains matches json jsonPath close reason within skipOthers'],
  ],
  'collection capture': [['P-20', 'jsonPath matches']],
  'run-collection': [
    ['P-23', '--environment --connection --variable --insecure'],
    ['P-33', '--report --output'],
  ],
  ws: [
    ['P-01', 'add list'],
    ['P-02', 'rename'],
    ['P-06', '--verbose'],
    ['P-07', '--insecure'],
    ['P-11', '--collection --connection --environment --variable'],
    ['P-12', '--send'],
    ['P-13', '--save-message'],
    ['P-25', '--save-conversation'],
    ['P-26', '--verbose'],
    ['P-33', '--show-control-frames --reconnect --retry'],
  ],
  'ws repeat': [
    ['P-21', '--connections --repetitions --parallel --delay --rate --rows --mode --timeout'],
    ['P-22', '--report --output'],
  ],
  'collection import': [
    ['P-16', '--output'],
    ['P-18', '--with-secrets'],
  ],
  'collection export': [
    ['P-16', '--output'],
    ['P-18', '--with-secrets'],
    ['P-24', '--environment'],
  ],
}

const row = (id: string, option: string, status: OptionStatus, as: string, where: string): OptionEntry => ({
  id,
  option,
  status,
  as,
  where,
})

/** What stands for something else here, or cannot be had. */
const OTHERS: readonly OptionEntry[] = [
  row('P-02', 'pencil icon, F2', 'mapped', 'myelin ws rename', 'desktop client'),
  row('P-06', 'Exception tab', 'mapped', 'what myelin ws says when it cannot connect', 'desktop client'),
  row(
    'P-10',
    'variables in messages',
    'mapped',
    '{{ name }} in content, file, url and headers',
    'collection message',
  ),
  row('P-13', 'Save as…', 'mapped', '--save-message N FILE, /save N FILE', 'desktop client'),
  row(
    'P-14',
    'HTTP/2',
    'refused',
    'WebSocket over HTTP/2 (RFC 8441) is not there; leave httpVersion out, or write 1.1',
    'httpVersion',
  ),
  row(
    'P-15',
    'windows',
    'refused',
    'NTLM and Kerberos are not there; use basic, bearer or clientCertificate',
    'auth',
  ),
  row('P-16', 'schema Pororoca/1', 'mapped', 'myelin collection import and export', 'Pororoca file'),
  row('P-17', 'disableCompressionForThis', 'mapped', 'compress: false', 'Pororoca file'),
  row('P-19', '$guid, $now, $today, $timestamp, $random…', 'honoured', 'the same names', 'template'),
  row('P-23', 'PororocaTest', 'mapped', 'run-collection, or loadCollection in TypeScript', 'test library'),
  row(
    'P-24',
    'Postman, OpenAPI, Insomnia',
    'refused',
    'they have no WebSocket; files of Pororoca, HAR archives and AsyncAPI documents are imported',
    'collection import',
  ),
  row(
    'P-27',
    'hotkeys',
    'refused',
    'there is no desktop window; the words of myelin ws are /send, /ping, /close, /save',
    'desktop client',
  ),
  row(
    'P-28',
    'languages, themes, completion',
    'refused',
    'there is no desktop window; editors have them for YAML',
    'desktop client',
  ),
  row('P-29', 'validation', 'mapped', 'myelin validate collection.yaml', 'desktop client'),
  row('P-31', 'binary messages', 'honoured', 'sent and saved byte for byte', 'collection message'),
  row('P-32', 'send and receive errors', 'mapped', 'rows of the conversation', 'conversation'),
  row(
    'P-34',
    'queued sends',
    'mapped',
    'up to 1000 messages wait while 1 MiB is unsent; waiting of a connection says how many',
    'ws',
  ),
  row('P-35', 'portable application', 'mapped', 'bin/myelin, which calls nobody else', 'desktop client'),
]

/** The options of collections, and of the client of the command line. */
export const collectionOptions: readonly OptionEntry[] = [
  ...Object.entries(WRITTEN).flatMap(([where, rows]) =>
    rows.flatMap(([id, options]) =>
      options.split(' ').map(option => row(id, option, 'honoured', option, where)),
    ),
  ),
  ...OTHERS,
]
