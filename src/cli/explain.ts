import { explainText } from '../deployment/explain.ts'
import { Gateway, loadWithArchives } from '../gateway.ts'
import { format } from '../language/diagnostic.ts'
import { openLog } from '../log.ts'

/** How the model is printed. */
export interface ExplainOptions {
  /** As one JSON array instead of text for people. */
  readonly json: boolean
}

/** Prints what configurations were compiled to, without opening anything; gives 1 when there are errors. */
export async function explain(paths: readonly string[], { json }: ExplainOptions): Promise<number> {
  const configuration = await loadWithArchives(paths)
  const { problems } = configuration.loaded
  for (const problem of problems) console.error(`myelin: ${problem}`)
  const { log } = await openLog({ level: 'silent', isReadable: false })
  const gateway = new Gateway(configuration, log)
  const { models, diagnostics } = gateway
  for (const found of diagnostics.all()) if (found.severity === 'error') console.error(`${format(found)}\n`)
  console.log(json ? JSON.stringify(models, null, 2) : explainText(models))
  return problems.length > 0 || diagnostics.errors > 0 ? 1 : 0
}
