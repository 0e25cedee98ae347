import { dirname } from 'node:path'
import type { Surveyed, Verdict } from '../gateway.ts'
import type { Diagnostic } from '../language/diagnostic.ts'

const VERDICTS: readonly (readonly [verdict: Verdict, title: string])[] = [
  ['unchanged', 'deploys unchanged'],
  ['mapping', 'needs a mapping'],
  ['unsupported', 'not supported'],
]

/** How many reasons are listed for each folder, and in total. */
const SHOWN = { folder: 5, total: 40 } as const

/** Writes the migration report: for each folder what runs, and why the rest does not; then the same for all. */
export function reportLines(
  files: readonly Surveyed[],
  skipped: readonly { readonly reason: string }[],
): string[] {
  const folders = Map.groupBy(files, ({ file }) => dirname(file.path))
  const lines: string[] = []
  for (const [folder, inside] of [...folders].sort(([a], [b]) => (a < b ? -1 : 1)))
    lines.push(folder, ...countLines(inside), ...reasonLines(inside, SHOWN.folder), '')
  if (folders.size !== 1)
    lines.push('All folders', ...countLines(files), ...reasonLines(files, SHOWN.total), '')
  if (skipped.length > 0) {
    lines.push('Left aside')
    lines.push(
      ...ranked(
        skipped.map(({ reason }) => reason),
        SHOWN.total,
      ),
      '',
    )
  }
  const unchanged = files.filter(({ verdict }) => verdict === 'unchanged').length
  const share = files.length === 0 ? 100 : Math.floor((unchanged / files.length) * 1000) / 10
  return [...lines, `${unchanged} of ${files.length} files deploy unchanged (${share} %)`]
}

function countLines(files: readonly Surveyed[]): string[] {
  return VERDICTS.map(([verdict, title]) => ({
    title,
    count: files.filter(file => file.verdict === verdict).length,
  }))
    .filter(({ count }) => count > 0)
    .map(({ title, count }) => `  ${String(count).padStart(6)}  ${title}`)
}

/** A reason counts once for each file it keeps from running. */
function reasonLines(files: readonly Surveyed[], most: number): string[] {
  const reasons = files.flatMap(({ diagnostics }) => [
    ...new Set(diagnostics.filter(({ severity }) => severity === 'error').map(reasonOf)),
  ])
  const lines = ranked(reasons, most)
  return lines.length === 0 ? [] : ['  because of', ...lines]
}

function ranked(reasons: readonly string[], most: number): string[] {
  const counts = [...Map.groupBy(reasons, reason => reason)]
    .map(([reason, all]) => ({ reason, count: all.length }))
    .sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1))
  const lines = counts.slice(0, most).map(({ reason, count }) => `  ${String(count).padStart(6)}  ${reason}`)
  return counts.length > most ? [...lines, `          and ${counts.length - most} more reasons`] : lines
}

/** What a finding is about, without the values that differ from file to file. */
function reasonOf({ code, message }: Diagnostic): string {
  const general = message
    .replace(/"[^"]*"/g, '"…"')
    .replace(/^(Task|Message store|Message processor) \S+ is/, '$1 is')
    .replace(
      /^<\S+> is not supported: it is operation \S+ of (connector .*)\.$/,
      'operations of $1 are not supported.',
    )
    .replace(/\s+/g, ' ')
  return `${code}: ${general.length > 140 ? `${general.slice(0, 139)}…` : general}`
}
