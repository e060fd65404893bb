import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Recorded answers of the real programs and the real kernel: too large for this repository, so they
 * stand beside it. A test over them loops over these lists and is skipped where they are empty:
 * `test.skipIf(cases.length === 0)`. What the files mean stands in the corpus's own README.
 */
const repository = fileURLToPath(new URL('../..', import.meta.url))

/** Where the recorded material is: PVEFW_SHARED, or `shared` beside the repository. */
export const sharedDirectory: string = resolve(
  process.env['PVEFW_SHARED'] ?? join(repository, '..', 'shared'),
)

/** Why corpus tests are skipped, or null if the corpus is there. */
export function corpusMissing(): string | null {
  if (existsSync(join(sharedDirectory, 'corpus'))) return null
  return `no corpus in ${sharedDirectory} (set PVEFW_SHARED): the tests that compare with it are skipped`
}

/** Directories of the generated cases, in order of name: each a node's tree with `expect/`. */
export function corpusCases(kind: 'clean' | 'messy'): readonly string[] {
  return directories(join(sharedDirectory, 'corpus', kind))
}

/** Files `pN-NNN.json` of the probes, in order of name. */
export function probeFiles(): readonly string[] {
  return entries(join(sharedDirectory, 'corpus', 'probes'))
    .filter((entry) => /^p\d+-\d+\.json$/.test(entry.name))
    .map((entry) => entry.path)
}

/** Directories of the published configurations, in order of name. */
export function realworldCases(): readonly string[] {
  return directories(join(sharedDirectory, 'realworld'))
}

function directories(parent: string): readonly string[] {
  return entries(parent)
    .filter((entry) => entry.isDirectory)
    .map((entry) => entry.path)
}

type Entry = { readonly name: string; readonly path: string; readonly isDirectory: boolean }

/** INVARIANT: sorted, so that test names and failures come in the same order everywhere. */
function entries(parent: string): readonly Entry[] {
  if (!existsSync(parent)) return []
  return readdirSync(parent, { withFileTypes: true })
    .map((entry) => ({
      name: entry.name,
      path: join(parent, entry.name),
      isDirectory: entry.isDirectory(),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}
