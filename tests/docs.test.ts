import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DIAGNOSTICS } from '../scripts/docs/errors.ts'
import { referencePages } from '../scripts/docs/pages.ts'
import { PLAIN } from '../scripts/docs/properties.ts'
import { REFUSED_INSIDE } from '../scripts/docs/supported.ts'
import { FAULT_CODES } from '../src/core/fault.ts'
import { artifacts } from '../src/deployment/artifacts.ts'
import { endpointKinds } from '../src/endpoints/index.ts'
import { webSocketParameters } from '../src/inbound/websocket-parameters.ts'
import { format } from '../src/language/diagnostic.ts'
import { mediators } from '../src/mediators/index.ts'
import { SETTINGS, Settings } from '../src/settings.ts'
import { deployed } from './support/mediate.ts'

const root = resolve(import.meta.dirname, '..')

function filesIn(folder: string, pattern: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && pattern.test(entry.name))
    .map(entry => relative(root, join(entry.parentPath, entry.name)))
    .sort()
}

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}

/** A module for the class that examples name. */
const settings = new Settings(
  new Map([['myelin.classes.com.acme.Discount', join(root, 'tests/mediators/classes/discount.ts')]]),
)

/** What is wrong with a configuration, as `validate` prints it. */
function errorsOf(xml: string): string[] {
  const { diagnostics } = deployed({ 'example.xml': xml }, settings)
  return diagnostics
    .all()
    .filter(({ severity }) => severity === 'error')
    .map(format)
}

const inSequence = (mediator: string): string => `<sequence name="example">${mediator}</sequence>`

const written = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...filesIn('docs', /\.md$/)]
const pages = [...written, ...filesIn('benchmarks', /\.md$/)]
const guide = ['README.md', ...filesIn('docs/guide', /\.md$/)]
const sources = filesIn('src', /\.ts$/)

test('docs/reference is what the declarations give; npm run docs writes it', () => {
  const expected = referencePages()
  const committed = filesIn('docs/reference', /./).map(file => [relative('docs/reference', file), read(file)])
  expect(Object.fromEntries(committed)).toEqual(Object.fromEntries(expected))
})

describe('examples', () => {
  test.each(mediators.map(({ element, example }) => [element, example]))(
    'of mediator %s',
    (_name, example) => {
      expect(errorsOf(inSequence(example ?? ''))).toEqual([])
    },
  )

  test.each(endpointKinds.map(({ element, example }) => [element, example]))(
    'of endpoint %s',
    (_name, example) => {
      expect(errorsOf(inSequence(`<send>${example ?? ''}</send>`))).toEqual([])
    },
  )

  test.each(artifacts.map(({ element, example }) => [element, example]))(
    'of artifact %s',
    (_name, example) => {
      expect(errorsOf(example ?? '')).toEqual([])
    },
  )

  test('every component has one', () => {
    const all = [...mediators, ...endpointKinds, ...artifacts]
    expect(all.filter(({ example }) => !example).map(({ element }) => element)).toEqual([])
  })
})

const blocks = guide.flatMap(file =>
  [...read(file).matchAll(/^```xml\n(.*?)^```$/gms)].map((match, i) => ({
    name: `${file}, block ${i + 1}`,
    xml: match[1]!,
  })),
)

describe('configurations in the guide are valid', () => {
  test.each(blocks)('$name', ({ xml }) => {
    expect(errorsOf(xml)).toEqual([])
  })

  test('and there are some', () => {
    expect(blocks.length).toBeGreaterThan(4)
  })
})

describe('what supported.md says is refused inside elements is refused', () => {
  test.each(REFUSED_INSIDE)('%s', (_what, mediator) => {
    expect(errorsOf(inSequence(mediator))).not.toEqual([])
  })
})

describe('errors.md is complete', () => {
  const code = /^[a-z]+(?:-[a-z]+)*$/
  const reports = [
    /\.(?:error|warning|note)\(\s*[^'"`]*?,\s*'([^']+)'/gs,
    /\bwrong\(\s*[^'"`]*?,\s*'([^']+)'/gs,
    /\bcode(?: =|:) '([^']+)'/g,
  ]
  const used = new Set(
    sources
      .flatMap(file => reports.flatMap(report => [...read(file).matchAll(report)].map(match => match[1]!)))
      .filter(found => code.test(found)),
  )
  // These are put together from `missing-` and the kind of the artifact.
  for (const kind of ['endpoint', 'entry', 'message-store', 'sequence', 'template'])
    used.add(`missing-${kind}`)

  test('every code of a diagnostic in the source is in it, and no other', () => {
    expect([...used].sort()).toEqual(Object.keys(DIAGNOSTICS).sort())
  })

  test('every fault that is raised is in it', () => {
    const raised = sources.flatMap(file => [...read(file).matchAll(/\b(?:new Fault\(|: )(\d{6})\b/g)])
    const numbers = new Set(raised.map(match => match[1]!))
    expect(numbers.size).toBeGreaterThan(5)
    const page = read('docs/reference/errors.md')
    for (const number of [...numbers, ...Object.keys(FAULT_CODES)])
      expect(page).toContain(`| \`${number}\` |`)
  })

  test('a fault said not to be raised is not raised', () => {
    const unraised = [...read('docs/reference/errors.md').matchAll(/`(\d+)` \|[^|]*\| Not raised/g)]
    const text = sources
      .filter(file => file !== 'src/core/fault.ts')
      .map(read)
      .join('\n')
    for (const [, number] of unraised) expect(text).not.toMatch(new RegExp(`(?:Fault\\(|: )${number}\\b`))
  })
})

test('every property the pages call plain is one the source knows', () => {
  const text = sources.map(read).join('\n')
  const unknown = PLAIN.map(([name]) => name.replace(/NAME$/, '')).filter(name => !text.includes(`'${name}'`))
  expect(unknown).toEqual([])
})

test('the WebSocket page has every parameter and every setting of WebSockets', () => {
  const page = read('docs/guide/websocket.md')
  const keys = Object.keys(SETTINGS).filter(
    key => key.startsWith('transport.ws.') && key !== 'transport.ws.sender.enable',
  )
  const names = [...Object.keys(webSocketParameters), ...keys.map(key => key.replace('transport.ws.', ''))]
  expect(names.filter(name => !page.includes(`| \`${name}\` |`))).toEqual([])
})

/** The name a heading gets in links, as code hosts make it. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .trim()
    .replace(/\s/g, '-')
}

test('links lead somewhere', () => {
  const broken = pages.flatMap(file => {
    const prose = read(file).replace(/^```.*?^```$/gms, '')
    const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(match => match[1]!)
    return links
      .filter(link => !/^[a-z]+:/.test(link) && !leadsSomewhere(file, link))
      .map(link => `${file}: ${link}`)
  })
  expect(broken).toEqual([])
})

function leadsSomewhere(file: string, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? file : join(dirname(file), path)
  if (!existsSync(join(root, target))) return false
  if (anchor === undefined) return true
  const headings = [...read(target).matchAll(/^#+ (.+)$/gm)].map(match => anchorOf(match[1]!))
  return headings.includes(anchor)
}

describe('the project speaks of the product alone', () => {
  const own = ['src', 'scripts', 'benchmarks', 'config', 'bin'].flatMap(folder => filesIn(folder, /./))
  const files = [
    ...new Set([...written, ...own, 'package.json', 'Dockerfile', 'docker-compose.yml', '.ci/run']),
  ]

  test('it names no folder of a machine', () => {
    const named = files.filter(file => /(?<![\w.}])\/(?:work|tmp|home|root|Users)\//.test(read(file)))
    expect(named).toEqual([])
  })

  test('it names no host but those of namespaces and examples', () => {
    const allowed =
      /^(?:localhost|127\.0\.0\.1|host|ws\.apache\.org|synapse\.apache\.org|schemas\.xmlsoap\.org|www\.w3\.org|(?:www\.)?wso2\.org|.*\.example\.com)$/i
    const hosts = files.flatMap(file =>
      [...read(file).matchAll(/\b(?:https?|wss?):\/\/([a-z0-9][a-z0-9.-]*)/gi)]
        .map(match => match[1]!)
        .filter(host => !allowed.test(host))
        .map(host => `${file}: ${host}`),
    )
    expect(hosts).toEqual([])
  })

  test('the lock file says nothing about where packages come from', () => {
    expect(read('package-lock.json')).not.toMatch(/"resolved"|\.tgz/)
  })
})
