import { Fault } from '../core/fault.ts'
import type { Deployment, Lifecycle, ProcessorControl } from '../core/ports.ts'
import { implicitEndpoint } from '../endpoints/index.ts'
import type { Build, Contribution, ServedService } from '../language/declare.ts'
import { Diagnostics, format } from '../language/diagnostic.ts'
import type { Source } from '../language/source.ts'
import type { Element } from '../language/xml.ts'
import { type DeployedMocks, deployMocks, type MockPlan } from '../mocks/deploy-mocks.ts'
import { Builder, type CompileContext } from '../sequences/compile.ts'
import { bound } from './bound.ts'
import { checkTree } from './checks.ts'
import { NameTable, type Registry } from './link.ts'
import { withOneTls } from './listeners.ts'
import { mainService } from './main-service.ts'
import { type ArtifactNode, readArtifacts, readFromEntry } from './read.ts'

/** What a deployment is built with, beside its files. */
export type DeployContext = Pick<Build, 'log' | 'settings' | 'counters' | 'cluster' | 'resource'> &
  Pick<CompileContext, 'observe'>

/** What a deployment may have beside its files. */
export interface DeployOptions {
  /** Resources that artifacts refer to. */
  readonly registry?: Registry
  /** Whether notes are made of what is never used and what never runs. */
  readonly isThorough?: boolean
  /** Files with mocks, and how they are served. */
  readonly mocks?: MockPlan | undefined
}

/** All compiled artifacts of one configuration. Nothing listens yet. */
export interface CompiledDeployment {
  readonly services: readonly ServedService[]
  /** What runs by itself, to be started once everything listens. */
  readonly activities: readonly Lifecycle[]
  /** Message processors, which can be switched on and off. */
  readonly processors: readonly ProcessorControl[]
  readonly artifacts: readonly { readonly kind: string; readonly name: string }[]
  /** What is found by name. */
  readonly deployment: Deployment
  /** The sequence `main`, for HTTP requests that no service is for. */
  readonly main: ServedService | undefined
  /** What of it are mocks. */
  readonly mocks: DeployedMocks | undefined
}

/**
 * Reads, checks, links and compiles files. Everything wrong is reported, all at once; an artifact with errors is
 * left out and the others are there.
 */
export function deploy(
  files: readonly Source[],
  context: DeployContext,
  diagnostics: Diagnostics,
  { registry, isThorough = false, mocks: plan }: DeployOptions = {},
): CompiledDeployment {
  const roots: Element[] = []
  const nodes = readArtifacts(files, diagnostics, roots, registry)
  const names = new NameTable(diagnostics, registry)
  const fill = declareAll(nodes, names)
  let isServing = false
  const builderOf = (artifact: Build['artifact'], reports: Diagnostics): Builder =>
    new Builder({ ...context, artifact, deployment: names, diagnostics: reports, names, implicitEndpoint })
  const compile = (node: ArtifactNode, reports: Diagnostics): Contribution => {
    const builder = builderOf({ kind: node.declaration.element, name: node.name }, reports)
    try {
      return node.declaration.compile(node.config!, builder, node.span)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      // A resource it looked into: the registry reads files when they are asked for.
      reports.error(node.span, 'unreadable-resource', `${error.message}.`)
      return {}
    }
  }
  names.compileEntriesWith((element, key) => {
    const reports = new Diagnostics()
    const node = readFromEntry(element, key, reports)
    const made = node?.config ? compile(node, reports) : {}
    for (const found of reports.all()) {
      if (!isServing) diagnostics.report(found)
      else if (found.severity === 'error') context.log.error({}, format(found))
    }
    return reports.errors > 0 ? {} : made
  })
  const services: ServedService[] = []
  const activities: Lifecycle[] = []
  const processors: ProcessorControl[] = []
  const artifacts: { kind: string; name: string }[] = []
  for (const node of inOrder(nodes)) {
    if (!node.config) continue
    const before = diagnostics.errors
    const contribution = compile(node, diagnostics)
    if (diagnostics.errors > before) continue
    fill(node, contribution)
    services.push(...(contribution.services ?? []))
    activities.push(...(contribution.activities ?? []))
    processors.push(...(contribution.processors ?? []))
    artifacts.push({ kind: node.declaration.element, name: node.name })
  }
  if (isThorough) checkTree(roots, diagnostics)
  const mocks =
    plan && deployMocks(plan, builderOf({ kind: 'mock', name: 'mocks' }, diagnostics), diagnostics)
  services.push(...(mocks?.services ?? []))
  activities.push(...(mocks?.activities ?? []))
  const served = withoutClashes(
    bound(withoutClashes(withOneTls(services, diagnostics), diagnostics), diagnostics),
    diagnostics,
  )
  for (const { service, apis = [] } of served) {
    names.addService(service)
    for (const api of apis) names.addService(api.service)
  }
  isServing = true
  const mainNode = nodes.find(
    ({ declaration, name }) => declaration.element === 'sequence' && name === 'main',
  )
  const main = mainNode && mainService(names, context, mainNode.span)
  return { services: served, activities, processors, artifacts, deployment: names, main, mocks }
}

/** What others look into while they are compiled comes first. */
function inOrder(nodes: readonly ArtifactNode[]): ArtifactNode[] {
  const rank = ({ declaration }: ArtifactNode): number =>
    declaration.element === 'localEntry' ? 0 : declaration.element === 'template' ? 1 : 2
  return nodes.toSorted((a, b) => rank(a) - rank(b))
}

/** Gives every name its place, so that order and circles do not matter. Those of artifacts with errors stay empty. */
function declareAll(
  nodes: readonly ArtifactNode[],
  names: NameTable,
): (node: ArtifactNode, made: Contribution) => void {
  const fillers = new Map<ArtifactNode, (made: Contribution) => void>()
  for (const node of nodes) {
    if (node.declaration.element === 'sequence') {
      const cell = names.declareSequence(node.name)
      fillers.set(node, ({ sequence }) => sequence && cell.fill(sequence))
    } else if (node.declaration.element === 'endpoint') {
      const fillEndpoint = names.declareEndpoint(node.name)
      fillers.set(node, ({ endpoint }) => endpoint && fillEndpoint(endpoint))
    }
    if (node.declaration.element === 'template') {
      const fillTemplate = names.declareTemplate(node.name)
      fillers.set(node, ({ template, endpointTemplate }) => {
        if (template) fillTemplate(template)
        if (endpointTemplate) names.addEndpointTemplate(endpointTemplate)
      })
    } else if (node.declaration.element === 'localEntry') {
      fillers.set(node, ({ entry }) => entry && names.addEntry(entry))
    } else if (node.declaration.element === 'messageStore') {
      names.addMessageStore(node.name)
      fillers.set(node, ({ messageStore }) => names.addMessageStore(node.name, messageStore))
    }
  }
  return (node, made) => fillers.get(node)?.(made)
}

/** Two services cannot have the same path of the same listener: both places are named, and the first is kept. */
function withoutClashes(services: readonly ServedService[], diagnostics: Diagnostics): ServedService[] {
  const seen = new Map<string, ServedService>()
  return services.filter(served => {
    const key = placeKeyOf(served)
    if (key === undefined) return true
    const where = placeOf(served.listener)
    const first = seen.get(key)
    if (!first) {
      seen.set(key, served)
      return true
    }
    diagnostics.report({
      severity: 'error',
      code: 'path-clash',
      span: served.span,
      message: `${served.service.name} would be served on ${where} at ${served.path}, where ${first.service.name} is; it is left out.`,
      hint: served.webSocket
        ? 'Give one another port, or another path by parameter ws.path.'
        : 'Give one another port, or another path.',
      related: [{ message: 'The first is here', span: first.span }],
    })
    return false
  })
}

/** Names the place of a service, which no other can have; undefined where it has a port that nobody knows yet. */
export function placeKeyOf({ listener, http, webSocket, path }: ServedService): string | undefined {
  if (typeof listener === 'object' && 'port' in listener && listener.port === 0) return undefined
  const kind = webSocket ? 'ws' : 'http'
  return [placeOf(listener), kind, path, http?.host ?? '', http?.port ?? '', http?.inbound ?? ''].join(' ')
}

function placeOf(listener: ServedService['listener']): string {
  if (typeof listener === 'string') return listener
  return 'inbound' in listener ? listener.inbound : `${listener.host ?? ''}:${listener.port}`
}
