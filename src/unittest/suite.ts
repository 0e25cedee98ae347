import type { Diagnostics } from '../language/diagnostic.ts'
import type { Source } from '../language/source.ts'
import { readXml } from '../language/xml.ts'
import { childNamed } from './element-content.ts'
import type { MockDefinition } from './mock-definition.ts'
import { type RegistryResource, SuiteReader } from './suite-reader.ts'
import { readCases, type TestCase } from './test-case.ts'

/** A suite: what is tested, with what around it, and how. */
export interface Suite {
  readonly source: Source
  /** What is under test. */
  readonly artifact: Source
  readonly supportive: readonly Source[]
  readonly registry: readonly RegistryResource[]
  /** Paths of connector archives. */
  readonly connectors: readonly string[]
  readonly mocks: readonly MockDefinition[]
  readonly cases: readonly TestCase[]
}

const ROOTS: ReadonlySet<string> = new Set(['unit-test', 'synapse-unit-test'])
const PARTS = ['artifacts', 'test-cases', 'mock-services']
const ARTIFACTS = ['test-artifact', 'supportive-artifacts', 'registry-resources', 'connector-resources']

/** Reads a suite and the files it names; undefined when anything is wrong, which is reported. */
export function readSuite(source: Source, diagnostics: Diagnostics): Suite | undefined {
  const before = diagnostics.errors
  const root = readXml(source, diagnostics)
  if (!root) return undefined
  if (!ROOTS.has(root.name)) {
    diagnostics.error(root.span, 'unknown-artifact', `<${root.name}> is no suite; expected <unit-test>.`)
    return undefined
  }
  const reader = new SuiteReader(source, diagnostics)
  reader.warnOfOthers(root, PARTS)
  const artifacts = reader.required(root, 'artifacts')
  if (artifacts) reader.warnOfOthers(artifacts, ARTIFACTS)
  const tested = artifacts && reader.required(artifacts, 'test-artifact')
  if (tested) reader.required(tested, 'artifact')
  const [artifact] = reader.artifacts(tested)
  const cases = readCases(childNamed(root, 'test-cases'), reader)
  if (cases.length === 0) diagnostics.error(root.span, 'missing', 'The suite has no <test-case>.')
  const rest = {
    supportive: reader.artifacts(childNamed(artifacts, 'supportive-artifacts')),
    registry: reader.registry(childNamed(artifacts, 'registry-resources')),
    connectors: reader.files(childNamed(artifacts, 'connector-resources'), 'connector-resource'),
    mocks: reader.mocks(childNamed(root, 'mock-services')),
  }
  if (!artifact || diagnostics.errors > before) return undefined
  return { source, artifact, cases, ...rest }
}
