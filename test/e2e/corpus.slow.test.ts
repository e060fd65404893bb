import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { corpusCases } from '../support/corpus.ts'
import { jsonLines } from '../support/recorded-case.ts'
import type { KernelRecord } from '../support/recorded-query.ts'
import { runCli } from '../support/run-cli.ts'

/** The whole of it, from files to answers: `pvefw trace --batch` against what a kernel did with the same packets. */

type Line = {
  readonly id: number
  readonly verdict?: string
  readonly error?: string
  readonly decidedBy?: { readonly kernel: string | null }
}

const show = (id: number, verdict: string | undefined, kernel: string | null | undefined): string =>
  `${id}: ${verdict} by ${kernel}`

for (const kind of ['clean', 'messy'] as const) {
  const cases = corpusCases(kind)
  describe.skipIf(cases.length === 0)(`${cases.length} cases of the ${kind} corpus`, () => {
    it.each(cases.map((directory) => [basename(directory), directory]))(
      '%s: every packet ends as in the kernel, by the rule the kernel names',
      async (_name, directory) => {
        const records = jsonLines<KernelRecord>(directory, 'expect', 'iptables', 'kernel.jsonl')
        const stdin = readFileSync(join(directory, 'queries.jsonl'), 'utf8')
        const argv = ['trace', '--root', directory, '--backend', 'iptables', '--batch', '-']
        const { code, stdout } = await runCli(argv, { stdin })
        if (records.length === 1 && records[0]?.error !== undefined) {
          expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
          return
        }
        expect(code).toBe(0)
        const answers = stdout
          .split('\n')
          .filter((line) => line !== '')
          .map((line): Line => JSON.parse(line))
        const compared = new Set(
          records.filter(({ skip }) => skip === undefined).map(({ id }) => id),
        )
        expect(
          answers
            .filter(({ id }) => compared.has(id))
            .map(({ id, verdict, error, decidedBy }) =>
              show(id, verdict ?? error, decidedBy?.kernel),
            ),
        ).toEqual(
          records
            .filter(({ skip }) => skip === undefined)
            .map(({ id, verdict, decidedBy }) => show(id, verdict, decidedBy)),
        )
      },
    )
  })
}
