// Builds dist/: the command as one file, and the library (modules and types) for `import 'pvefw'`.
import { execFileSync } from 'node:child_process'
import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { bundle, root } from './bundle.mjs'

/** Emits the modules reachable from src/index.ts: neither yargs nor ink is among them. */
function library() {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  execFileSync(process.execPath, [tsc, '-p', '.ci/tsconfig.library.json'], {
    cwd: root,
    stdio: 'inherit',
  })
}

const started = performance.now()
rmSync(join(root, 'dist'), { recursive: true, force: true })
await bundle('src/cli/main.ts', 'dist/pvefw.mjs')
library()
const kilobytes = Math.round(statSync(join(root, 'dist/pvefw.mjs')).size / 1024)
const seconds = ((performance.now() - started) / 1000).toFixed(1)
console.log(`built dist/pvefw.mjs (${kilobytes} kB) and the library in ${seconds} s`)
