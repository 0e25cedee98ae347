import { setImmediate } from 'node:timers/promises'
import { MessageCounters } from '../core/metrics.ts'
import type { Resource } from '../language/declare.ts'
import { type Diagnostic, Diagnostics } from '../language/diagnostic.ts'
import type { Source } from '../language/source.ts'
import { type DeployContext, deploy } from './deploy.ts'
import type { Registry } from './link.ts'

/** What a file needs in order to run: nothing, a module in place of a Java class, or something that is not there. */
export type Verdict = 'unchanged' | 'mapping' | 'unsupported'

/** What was found about one file by itself. */
export interface Surveyed {
  readonly file: Source
  readonly verdict: Verdict
  readonly diagnostics: readonly Diagnostic[]
}

/** How many files are compiled before others get their turn. */
const AT_ONCE = 20

/** Compiles each file by itself: names that clash between files, or are missing in one, do not count. */
export async function survey(
  files: readonly Source[],
  context: DeployContext,
  { registry, onFile }: { readonly registry: Registry; readonly onFile: (done: number) => void },
): Promise<Surveyed[]> {
  const surveyed: Surveyed[] = []
  for (const file of files) {
    surveyed.push(await surveyOne(file, context, registry))
    onFile(surveyed.length)
    if (surveyed.length % AT_ONCE === 0) await setImmediate()
  }
  return surveyed
}

async function surveyOne(file: Source, context: DeployContext, registry: Registry): Promise<Surveyed> {
  const diagnostics = new Diagnostics()
  const resources = new Map<string, Resource>()
  const alone: DeployContext = {
    ...context,
    counters: () => new MessageCounters(),
    resource<T extends Resource>(key: string, make: () => T): T {
      const known = (resources.get(key) as T | undefined) ?? make()
      resources.set(key, known)
      return known
    },
  }
  deploy([file], alone, diagnostics, { registry })
  for (const resource of resources.values()) await resource.stop(0)
  const found = diagnostics.all()
  return { file, verdict: verdictOf(found), diagnostics: found }
}

/** Findings that a module named in the settings does away with. */
const MAPPABLE: ReadonlySet<string> = new Set(['needs-mapping', 'bad-class'])

function verdictOf(found: readonly Diagnostic[]): Verdict {
  const errors = found.filter(({ severity }) => severity === 'error')
  if (errors.length === 0) return 'unchanged'
  return errors.every(({ code }) => MAPPABLE.has(code)) ? 'mapping' : 'unsupported'
}
