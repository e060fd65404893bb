// The whole of `npm test`: set-up, build, types, lint, every test tier, and the count as last line.
// A failed step does not stop the later ones: one run shows everything that is wrong.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'pvefw-test-'))
const report = join(scratch, 'report.json')
const tool = (path) => join(root, 'node_modules', path)

/** Arguments of `npm test -- ...` go to vitest: a file name, `-t NAME`. */
const vitest = [
  'run',
  ...['--config', 'test/vitest.config.ts'],
  ...['--reporter', 'default', '--reporter', 'json', `--outputFile.json=${report}`],
  ...process.argv.slice(2),
]

function run(name, command, args) {
  console.log(`\n== ${name}`)
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (error) console.log(`${name}: ${error.message}`)
  else if (status !== 0) console.log(`${name}: failed`)
  return status === 0
}

/** What vitest counted; a file that failed to load holds no failed test and counts as one. */
function tally() {
  try {
    const json = JSON.parse(readFileSync(report, 'utf8'))
    const broken = json.testResults.filter(
      (file) =>
        file.status === 'failed' && file.assertionResults.every((t) => t.status !== 'failed'),
    )
    return {
      passed: json.numPassedTests,
      failed: json.numFailedTests + broken.length,
      skipped: json.numPendingTests + json.numTodoTests,
    }
  } catch {
    return { passed: 0, failed: 0, skipped: 0 }
  }
}

const node = process.execPath
const steps = [
  run('set-up', 'bash', ['.ci/setup']),
  run('build', node, ['.ci/build.mjs']),
  run('types', node, [tool('typescript/bin/tsc'), '--noEmit']),
  run('lint', node, [tool('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings']),
]
const tested = run('tests', node, [tool('vitest/vitest.mjs'), ...vitest])

const { passed, failed, skipped } = tally()
// Each failed step counts, and so does a test run that went wrong without a failed test.
const failures = steps.filter((ok) => !ok).length + (tested ? failed : Math.max(failed, 1))
rmSync(scratch, { recursive: true, force: true })

console.log(`\n${passed} passed, ${failures} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exitCode = failures > 0 ? 1 : 0
