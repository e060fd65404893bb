import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { corpusCases } from '../support/corpus.ts'
import { jsonLines } from '../support/recorded-case.ts'
import { runCli } from '../support/run-cli.ts'

/**
 * The whole of the nftables backend, from files to answers: `pvefw trace --backend nftables --batch` against what a
 * kernel did with the same packets under proxmox-firewall's rules, and the refusals against what that program said.
 */

type KernelRow = {
  readonly id: number
  readonly verdict?: string
  readonly decidedBy?: string | null
  readonly skip?: string
  readonly error?: string
  /**
   * Made by nft 1.0.6, which loads the malformed limit; but sets were made beforehand, so that they merge what overlaps
   * as those of 1.1.0 do. Version 1.1.1 does both.
   */
  readonly loadWarning?: string
}

type Compiled = { readonly ok: boolean; readonly enabled?: boolean }

type Answer = {
  readonly id: number
  readonly verdict?: string
  readonly error?: string
  readonly decidedBy?: { readonly kernel: string | null }
}

const show = (id: number, verdict: string | undefined, kernel: string | null | undefined): string =>
  `${id}: ${verdict} by ${kernel}`

let compared = 0

for (const kind of ['clean', 'messy'] as const) {
  const cases = corpusCases(kind)
  describe.skipIf(cases.length === 0)(`${cases.length} cases of the ${kind} corpus`, () => {
    it.each(cases.map((directory) => [basename(directory), directory]))(
      '%s: every packet ends as in the kernel, by the rule the kernel names',
      async (_name, directory) => {
        const compiled: Compiled = JSON.parse(
          readFileSync(join(directory, 'expect/nftables.json'), 'utf8'),
        )
        const rows = jsonLines<KernelRow>(directory, 'expect', 'nftables-kernel.jsonl')
        const old = rows.some(({ loadWarning }) => loadWarning !== undefined)
        const argv = [
          ...['trace', '--root', directory, '--backend', 'nftables', '--batch', '-'],
          ...(old ? ['--nft-version', '1.1.1'] : []),
        ]
        const stdin = readFileSync(join(directory, 'queries.jsonl'), 'utf8')
        const { code, stdout, stderr } = await runCli(argv, { stdin })
        if (!compiled.ok || rows[0]?.error !== undefined) {
          expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
          expect(stderr).toMatch(/^nftables backend would refuse this configuration: /)
          return
        }
        expect(code).toBe(0)
        const wanted = rows.filter(
          ({ skip, verdict }) => skip === undefined && verdict !== undefined,
        )
        const ids = new Set(wanted.map(({ id }) => id))
        const answers = stdout
          .split('\n')
          .filter((line) => line !== '')
          .map((line): Answer => JSON.parse(line))
          .filter(({ id }) => ids.has(id))
        compared += wanted.length
        expect(
          answers.map(({ id, verdict, error, decidedBy }) =>
            show(id, verdict ?? error, decidedBy?.kernel),
          ),
        ).toEqual(wanted.map(({ id, verdict, decidedBy }) => show(id, verdict, decidedBy)))
      },
    )
  })
}

describe.skipIf(corpusCases('clean').length === 0)('all together', () => {
  it('are the packets that a kernel was asked about', () => expect(compared).toBe(4133))
})
