import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'

/** Tests whose requirement is a time: nothing else runs beside them. */
const ALONE = ['tests/e2e/hostile.test.ts']

export default defineConfig({
  test: {
    testTimeout: 20_000,
    hookTimeout: 20_000,
    teardownTimeout: 20_000,
    maxWorkers: 2,
    // Reading the sources again for each of 300 files takes as long as a third of the tests.
    isolate: false,
    // Programs that tests start are compiled once.
    env: { NODE_COMPILE_CACHE: resolve(import.meta.dirname, 'node_modules/.cache/compiled') },
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: ['tests/**/*.test.ts'],
          exclude: ALONE,
          sequence: { groupOrder: 0 },
        },
      },
      { extends: true, test: { name: 'alone', include: ALONE, sequence: { groupOrder: 1 } } },
    ],
  },
})
