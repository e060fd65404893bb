// Builds dist/: the command as one file, and the library (modules and types) for `import 'pvefw'`.
import { execFileSync } from 'node:child_process'
import { chmodSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const root = fileURLToPath(new URL('..', import.meta.url))

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

/** Emits the modules reachable from src/index.ts: neither yargs nor ink is among them. */
function library() {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  execFileSync(process.execPath, [tsc, '-p', '.ci/tsconfig.library.json'], {
    cwd: root,
    stdio: 'inherit',
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const started = performance.now()
  rmSync(join(root, 'dist'), { recursive: true, force: true })
  await bundle('src/cli/main.ts', 'dist/pvefw.mjs')
  library()
  const kilobytes = Math.round(statSync(join(root, 'dist/pvefw.mjs')).size / 1024)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`built dist/pvefw.mjs (${kilobytes} kB) and the library in ${seconds} s`)
}
