import { writeFileSync } from 'node:fs'
import { readRecorded } from '../collections/recorded.ts'
import { yamlText } from '../language/yaml-text.ts'
import { recordedMocks } from '../mocks/recorded-mocks.ts'

/** Options of `myelin mock from`. */
export interface MockFromOptions {
  readonly output?: string
  readonly withDelays?: boolean
}

/** Writes a mock file that has saved conversations again; says what it leaves out. */
export async function mockFrom(paths: readonly string[], options: MockFromOptions): Promise<number> {
  const recorded = paths.flatMap(readRecorded)
  const { items, notes } = recordedMocks(recorded, { withDelays: options.withDelays === true })
  for (const note of notes) console.error(`myelin: ${note}`)
  if (items.length === 0) return 1
  const text = yamlText(items)
  if (options.output === undefined) process.stdout.write(text)
  else writeFileSync(options.output, text)
  return 0
}
