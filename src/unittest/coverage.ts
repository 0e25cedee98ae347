import { Diagnostics } from '../language/diagnostic.ts'
import { placeOf, type Source, type Span } from '../language/source.ts'
import { type Element, readXml } from '../language/xml.ts'
import type { Observe } from '../sequences/compile.ts'

/** A mediator of an artifact, and whether it ran. */
export interface MediatorCoverage {
  readonly mediator: string
  readonly file: string
  readonly line: number
  readonly column: number
  readonly executed: boolean
}

/** How much of an artifact ran. */
export interface ArtifactCoverage {
  readonly kind: string
  readonly name: string
  readonly executed: number
  readonly total: number
  readonly percent: number
  readonly mediators: readonly MediatorCoverage[]
}

/** How much ran of what is under test and of the sequences and templates it refers to. */
export interface CoverageReport {
  readonly executed: number
  readonly total: number
  readonly percent: number
  readonly artifacts: readonly ArtifactCoverage[]
}

interface Observed {
  readonly kind: string
  readonly name: string
  readonly mediators: Map<number, { readonly span: Span; hasRun: boolean }>
}

/** Artifacts that are counted with what refers to them. */
const COUNTED_WITH: ReadonlySet<string> = new Set(['sequence', 'template'])

/** Keeps account of which mediators ran while a suite did. */
export class Coverage {
  readonly #artifacts = new Map<string, Observed>()

  /** To be given to the gateway that is tested. */
  readonly observe: Observe = (span, { kind, name }) => {
    const key = `${kind} ${name}`
    const artifact = this.#artifacts.get(key) ?? { kind, name, mediators: new Map() }
    this.#artifacts.set(key, artifact)
    // Some are compiled more than once, as what runs in several places.
    const mediator = artifact.mediators.get(span.start) ?? { span, hasRun: false }
    artifact.mediators.set(span.start, mediator)
    return () => {
      mediator.hasRun = true
    }
  }

  /** Reports on the first of these artifacts, all it refers to by name, and whatever else ran. */
  report(artifacts: readonly Source[]): CoverageReport {
    const named = artifacts.map(describe).filter(each => each !== undefined)
    const counted = new Set<string>()
    const count = ({ key, words }: Described): void => {
      if (counted.has(key)) return
      counted.add(key)
      for (const other of named) if (COUNTED_WITH.has(other.kind) && words.has(other.name)) count(other)
    }
    if (named[0]) count(named[0])
    for (const [key, { mediators }] of this.#artifacts)
      if ([...mediators.values()].some(({ hasRun }) => hasRun)) counted.add(key)
    const rows = [...counted].flatMap(key => this.#artifacts.get(key) ?? []).map(rowOf)
    return { ...totalOf(rows), artifacts: rows }
  }
}

/** Adds up what ran. */
export function totalOf(
  rows: readonly Pick<CoverageReport, 'executed' | 'total'>[],
): Omit<CoverageReport, 'artifacts'> {
  const executed = rows.reduce((sum, row) => sum + row.executed, 0)
  const total = rows.reduce((sum, row) => sum + row.total, 0)
  return { executed, total, percent: percentOf(executed, total) }
}

function rowOf({ kind, name, mediators }: Observed): ArtifactCoverage {
  const inOrder = [...mediators.values()].sort((a, b) => a.span.start - b.span.start)
  const details = inOrder.map(({ span, hasRun }) => ({
    mediator: span.source.text.slice(span.start + 1, span.end),
    ...placeOf(span),
    executed: hasRun,
  }))
  const executed = details.filter(each => each.executed).length
  return {
    kind,
    name,
    executed,
    total: details.length,
    percent: percentOf(executed, details.length),
    mediators: details,
  }
}

/** Two digits behind the point; nothing to run is nothing left out. */
function percentOf(executed: number, total: number): number {
  return total === 0 ? 100 : Math.round((executed / total) * 10_000) / 100
}

interface Described {
  readonly kind: string
  readonly name: string
  readonly key: string
  /** Every word it says that may be the name of another artifact. */
  readonly words: ReadonlySet<string>
}

function describe(source: Source): Described | undefined {
  const root = readXml(source, new Diagnostics())
  if (!root) return undefined
  const name = root.attributes.find(attribute => attribute.name === 'name')?.value ?? ''
  const words = new Set<string>()
  const collect = (element: Element): void => {
    for (const attribute of element.attributes)
      if (element !== root || attribute.name !== 'name') words.add(attribute.value)
    for (const child of element.children) collect(child)
  }
  collect(root)
  return { kind: root.name, name, key: `${root.name} ${name}`, words }
}
