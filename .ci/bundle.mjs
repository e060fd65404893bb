import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

export const root = fileURLToPath(new URL('..', import.meta.url))

/** ink imports react-devtools-core when DEV is "true"; it is not installed, and nothing needs it. */
const withoutDevtools = {
  name: 'without-devtools',
  resolveId: (id) => (id === 'react-devtools-core' ? id : null),
  load: (id) => (id === 'react-devtools-core' ? 'export default {}' : null),
}

/**
 * Bundles one entry into one ESM file. Dynamic imports are inlined but still evaluated only when
 * they are reached, so what a command does not use costs it parsing at most.
 */
export async function bundle(entry, file) {
  const build = await rolldown({
    input: join(root, entry),
    cwd: root,
    platform: 'node',
    plugins: [withoutDevtools],
    transform: { define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' } },
  })
  await build.write({
    file: join(root, file),
    format: 'esm',
    codeSplitting: false,
    banner: '#!/usr/bin/env node',
  })
  await build.close()
  chmodSync(join(root, file), 0o755)
}
