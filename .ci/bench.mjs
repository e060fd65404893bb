// Builds the command and the benchmarks as production code is built, and runs the benchmarks with
// plain node: a TypeScript loader would add wrappers to every function that is measured.
import { execFileSync } from 'node:child_process'
import { bundle, root } from './bundle.mjs'

await bundle('src/cli/main.ts', 'dist/pvefw.mjs')
await bundle('test/bench/main.ts', 'dist/bench.mjs')
execFileSync(process.execPath, ['--expose-gc', 'dist/bench.mjs', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
})
