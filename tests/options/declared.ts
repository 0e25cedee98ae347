import { PLAIN } from '../../scripts/docs/properties.ts'
import type { Command } from '../../src/cli/command.ts'
import { commands } from '../../src/cli/index.ts'
import { artifacts, unsupportedArtifacts, vocabulary } from '../../src/deployment/artifacts.ts'
import { wellKnown } from '../../src/expressions/well-known.ts'
import type { Artifact, EndpointKind, Mediator } from '../../src/language/declare.ts'
import type { Fields } from '../../src/language/field.ts'
import { WRITTEN_SCOPES } from '../../src/mediators/property-scope.ts'
import { Client } from '../../src/sdk/client.ts'
import { accessFields } from '../../src/services/access-fields.ts'
import * as services from '../../src/services/index.ts'
import { serviceFields } from '../../src/services/service-fields.ts'
import * as errors from '../../src/services/web-socket-error.ts'
import { SETTINGS } from '../../src/settings.ts'
import { CLIENT_NAMES } from './client-names.ts'

/** What a component says of a name: it is there, it does nothing, or it is an error. */
export type Declared = 'there' | 'ignored' | 'unsupported'
type Names = ReadonlyMap<string, Declared>

const all = (names: Iterable<string>): Names => new Map([...names].map(name => [name, 'there']))

/** The names that may be written at a place, as the components declare them; undefined for no such place. */
export function declaredAt(where: string): Names | undefined {
  const [kind = '', name = '', ...inner] = where.split(' ')
  switch (kind) {
    case 'artifact':
      return name === '' ? artifactNames() : inside(artifactsOf(name), inner)
    case 'mediator':
      return name === ''
        ? componentNames(vocabulary.mediators)
        : inside([vocabulary.mediators.get(name)!], inner)
    case 'endpoint':
      return name === ''
        ? componentNames(vocabulary.endpoints)
        : inside([vocabulary.endpoints.get(name)!], inner)
    case 'inbound':
      if (name !== 'protocol')
        return parametersOf(
          artifactsOf('inboundEndpoint').filter(({ variant }) => variant?.values.includes(name)),
        )
      return all(artifactsOf('inboundEndpoint').flatMap(({ variant }) => variant?.values ?? []))
    case 'messageStore':
    case 'messageProcessor':
      return parametersOf(artifactsOf(kind))
    default:
      return (
        PLACES[where]?.() ??
        clientNames(where) ??
        commandOptions(where.replace(/^command /, '').replace(/^mock command$/, 'mock'))
      )
  }
}

const PLACES: Readonly<Record<string, () => Names>> = {
  folder: () => all(artifacts.map(({ folder }) => folder)),
  property: () => all([...[...wellKnown.values()].map(each => each.name), ...PLAIN.map(([name]) => name)]),
  'property scope': () => all(WRITTEN_SCOPES),
  setting: () => all(Object.keys(SETTINGS)),
  command: () => all(allCommands(commands).map(([name]) => name)),
  client: () => all(Object.getOwnPropertyNames(Client.prototype)),
  sdk: () => all([...Object.keys(services), ...Object.keys(errors), 'Error']),
  'close code': () => all(Object.keys(services.closeCodes)),
  'service auth': () => all(Object.keys(accessFields)),
}

/** The names inside of `path` of what a service may say: `listen.secureSocket` gives `key`, `ciphers` and so on. */
export function serviceNames(path: readonly string[]): ReadonlySet<string> {
  let fields: Fields = serviceFields
  for (const step of path) fields = fields[step]?.fields ?? {}
  return new Set(Object.entries(fields).map(([own, field]) => field.name ?? own))
}

function clientNames(where: string): Names | undefined {
  const names = CLIENT_NAMES.get(where)
  return names && all(names)
}

function artifactsOf(element: string): Artifact[] {
  return artifacts.filter(each => each.element === element)
}

function artifactNames(): Names {
  const refused = [...unsupportedArtifacts.keys()].map(name => [name, 'unsupported'] as const)
  return new Map([...all(artifacts.map(({ element }) => element)), ...refused])
}

function componentNames(known: ReadonlyMap<string, unknown>): Names {
  const refused = [...vocabulary.unsupported.keys()].map(name => [name, 'unsupported'] as const)
  return new Map([...refused, ...all(known.keys())])
}

function inside(components: readonly (Mediator | EndpointKind | Artifact)[], path: readonly string[]): Names {
  const names = new Map<string, Declared>()
  for (const { fields, ignored = {}, unsupported = {} } of components) {
    let at: Fields = fields
    for (const step of path)
      at = Object.entries(at).find(([own, each]) => (each.name ?? own) === step)?.[1].fields ?? {}
    for (const [own, field] of Object.entries(at)) names.set(field.name ?? own, 'there')
    if (path.length > 0) continue
    for (const name of Object.keys(ignored)) names.set(name, 'ignored')
    for (const name of Object.keys(unsupported)) names.set(name, 'unsupported')
  }
  return names
}

function parametersOf(of: readonly Artifact[]): Names {
  const all = of.flatMap(({ fields }) => Object.keys(fields.parameters?.fields ?? {}))
  return new Map(all.map(name => [name, 'there']))
}

function allCommands(of: readonly Command[], before = ''): (readonly [name: string, command: Command])[] {
  return of.flatMap(command => {
    const name = `${before}${command.name}`
    return [[name, command] as const, ...allCommands(command.commands ?? [], `${name} `)]
  })
}

function commandOptions(name: string): Names | undefined {
  const found = allCommands(commands).find(([own]) => own === name)?.[1]
  if (!found || name === 'collection') return undefined
  const flags = (found.options ?? []).flatMap(option => option.flags.match(/--?[\w-]+/g) ?? [])
  return all([...flags, ...(found.commands ?? []).map(inner => inner.name), '--version'])
}
