import { fileURLToPath } from 'node:url'
import { defineConfig, type ViteUserConfig } from 'vitest/config'

const slow = ['test/**/*.slow.test.ts', 'test/**/*.slow.test.tsx']

/**
 * Two tiers: `fast` is what `npm run check` runs, `slow` (kernel, whole corpus, built command) is
 * added by `npm test`. Files of a tier share their worker's modules (isolate: false), which saves
 * loading src/ once per file; src/ holds no mutable module state, so nothing leaks.
 */
const config: ViteUserConfig = defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    pool: 'forks',
    isolate: false,
    maxWorkers: 2,
    env: { TZ: 'UTC', LC_ALL: 'C.UTF-8' },
    globalSetup: 'test/support/announce.ts',
    setupFiles: 'test/support/fixed-seed.ts',
    experimental: { fsModuleCache: true },
    coverage: { provider: 'v8', include: ['src/**'] },
    projects: [
      {
        extends: true,
        test: {
          name: 'fast',
          include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
          exclude: slow,
          // a busy machine is no failure
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: { name: 'slow', include: slow, testTimeout: 120_000, hookTimeout: 120_000 },
      },
    ],
  },
})
export default config
