import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** Makes a folder that is gone when the test that runs has ended. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'myelin-test-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}
