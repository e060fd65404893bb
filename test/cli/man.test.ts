import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { EXIT_MEANINGS } from '../../src/cli/exit.ts'
import { COMMANDS } from '../../src/cli/options.ts'
import { manPage } from '../../src/cli/roff.ts'
import { VERSION } from '../../src/cli/version.ts'
import { runCli } from '../support/run-cli.ts'

const page = manPage()

describe('the man page', () => {
  it('holds every option, with its hyphens as hyphens-minus', () => {
    for (const { options } of COMMANDS)
      for (const { name } of options) expect(page).toContain(`\\-\\-${name.replaceAll('-', '\\-')}`)
  })

  it('lists the exit codes', () => {
    for (const { code, meaning } of EXIT_MEANINGS)
      expect(page).toContain(`.B ${code}\n${meaning.replaceAll('-', '\\-')}`)
  })

  it('starts no text line with a control character of roff', () => {
    const macro = /^\.(TH|SH|SS|TP|PP|B|BR|I|br)\b/
    const odd = page.split('\n').filter((line) => /^[.']/.test(line) && !macro.test(line))
    expect(odd).toEqual([])
  })

  it('passes groff without a warning', (context) => {
    const groff = spawnSync('groff', ['-man', '-ww', '-z', '-Tutf8'], {
      input: page,
      encoding: 'utf8',
    })
    if (groff.error !== undefined) return context.skip('there is no groff')
    expect(groff.stderr).toBe('')
  })

  it('is what `pvefw man` prints', async () => {
    expect(await runCli(['man'])).toMatchObject({ code: 0, stdout: page, stderr: '' })
  })
})

describe('--version', () => {
  it('is the version of package.json', async () => {
    const manifest: unknown = JSON.parse(readFileSync('package.json', 'utf8'))
    expect(manifest).toMatchObject({ version: VERSION })
    expect((await runCli(['--version'])).stdout).toBe(`${VERSION}\n`)
  })
})
