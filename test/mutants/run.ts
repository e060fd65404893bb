import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MUTANTS, type Mutant } from './list.ts'

/**
 * `npm run mutants [-- TEXT..]`: each mutant (whose name has the text) in a copy of the tree of its own, put to the kernel. A mutant that no property notices is a hole
 * in the tests; the exit code is 1 then.
 */
const repository = fileURLToPath(new URL('../..', import.meta.url))

function caught({ file, find, replace, by }: Mutant): string | null {
  const place = mkdtempSync(join(tmpdir(), 'pvefw-mutant-'))
  try {
    for (const name of ['src', 'test', 'package.json', 'tsconfig.json', '.ci'])
      cpSync(join(repository, name), join(place, name), { recursive: true })
    symlinkSync(join(repository, 'node_modules'), join(place, 'node_modules'))
    const path = join(place, file)
    const parts = readFileSync(path, 'utf8').split(find)
    if (parts.length !== 2) throw new Error(`${file} has \`${find}\` ${parts.length - 1} times`)
    writeFileSync(path, parts.join(replace))
    const { stdout, stderr } = spawnSync(
      join(repository, 'node_modules/.bin/tsx'),
      ['test/mutants/ask.ts', by],
      { cwd: place, encoding: 'utf8', env: { ...process.env, PVEFW_SHRINKS: '0' } },
    )
    const said = /(found|nothing) (\d+)/.exec(stdout)
    // a mutant that cannot run shows nothing
    if (said === null) throw new Error(`${file}: ${stderr.trim().split('\n').at(-1)}`)
    return said[1] === 'found' ? `caught after ${said[2]} packets` : null
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}

let holes = 0
const wanted = process.argv.slice(2)
const chosen = MUTANTS.filter(
  ({ name }) => wanted.length === 0 || wanted.some((text) => name.includes(text)),
)
for (const mutant of chosen) {
  const result = caught(mutant)
  if (result === null) holes += 1
  console.log(
    `${result === null ? 'NOT CAUGHT' : 'ok        '}  ${mutant.name} (${mutant.by})${result === null ? '' : `: ${result}`}`,
  )
}
console.log(`${chosen.length - holes} of ${chosen.length} mutants caught`)
process.exitCode = holes === 0 ? 0 : 1
