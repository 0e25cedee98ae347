import type { Lifecycle } from '../core/ports.ts'
import { implicitEndpoint } from '../endpoints/index.ts'
import type { Build, Contribution, ServedService } from '../language/declare.ts'
import type { Diagnostics } from '../language/diagnostic.ts'
import type { Source } from '../language/source.ts'
import { Builder } from '../sequences/compile.ts'
import { NameTable } from './link.ts'
import { type ArtifactNode, readArtifacts } from './read.ts'

/** What a deployment is built with, beside its files. */
export type DeployContext = Pick<Build, 'log' | 'settings' | 'counters' | 'resource'>

/** All compiled artifacts of one configuration. Nothing listens yet. */
export interface CompiledDeployment {
  readonly services: readonly ServedService[]
  /** What runs by itself, to be started once everything listens. */
  readonly activities: readonly Lifecycle[]
  readonly artifacts: readonly { readonly kind: string; readonly name: string }[]
}

/**
 * Reads, checks, links and compiles files. Everything wrong is reported, all at once; an artifact with errors is
 * left out and the others are there.
 */
export function deploy(
  files: readonly Source[],
  context: DeployContext,
  diagnostics: Diagnostics,
): CompiledDeployment {
  const nodes = readArtifacts(files, diagnostics)
  const names = new NameTable(diagnostics)
  const fill = declareAll(nodes, names)
  const services: ServedService[] = []
  const activities: Lifecycle[] = []
  const artifacts: { kind: string; name: string }[] = []
  for (const node of nodes) {
    if (!node.config) continue
    const before = diagnostics.errors
    const artifact = { kind: node.declaration.element, name: node.name }
    const builder = new Builder({
      ...context,
      artifact,
      deployment: names,
      diagnostics,
      names,
      implicitEndpoint,
    })
    const contribution = node.declaration.compile(node.config, builder, node.span)
    if (diagnostics.errors > before) continue
    fill(node, contribution)
    services.push(...(contribution.services ?? []))
    activities.push(...(contribution.activities ?? []))
    artifacts.push(artifact)
  }
  return { services: withoutClashes(services, diagnostics), activities, artifacts }
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
      fillers.set(node, ({ template }) => template && fillTemplate(template))
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
    const { listener } = served
    if (listener !== 'http' && listener.port === 0) return true
    const where = listener === 'http' ? 'http' : `${listener.host ?? ''}:${listener.port}`
    const key = `${where} ${served.webSocket ? 'ws' : 'http'} ${served.path}`
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
      hint: 'Give one another port, or another path by parameter ws.path.',
      related: [{ message: 'The first is here', span: first.span }],
    })
    return false
  })
}
