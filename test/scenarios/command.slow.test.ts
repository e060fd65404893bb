import { describe, expect, it } from 'vitest'
import type { PacketExpectation } from '../support/expect.ts'
import { mismatch, type Outcome } from '../support/expect-compare.ts'
import { runCli } from '../support/run-cli.ts'
import { scenarioExpect, scenarioNames, scenarioRoot } from '../support/scenarios.ts'

/** What `trace --batch` answers to these packets, in the order of the lines; null: the backend refuses. */
async function batch(
  root: string,
  node: string | null,
  packets: readonly PacketExpectation[],
): Promise<readonly Outcome[] | null> {
  const argv = ['trace', '--root', root, '--batch', '-', ...(node === null ? [] : ['--node', node])]
  const stdin = packets.map(({ fields }) => `${JSON.stringify(fields)}\n`).join('')
  const { code, stdout } = await runCli(argv, { stdin })
  if (code === 3) return null
  const answers = stdout.trimEnd().split('\n')
  return answers.map((line): Outcome => {
    const { verdict, decidedBy, error } = JSON.parse(line)
    if (error !== undefined) throw new Error(error)
    const { kind, file, line: at, kernel } = decidedBy
    const place = file === null ? null : { file, line: at }
    return { verdict, by: kind, place, chain: kernel?.split(':')[1] ?? null }
  })
}

describe('`pvefw trace --batch` says the same of every packet of', () => {
  it.each(scenarioNames)('%s', async (name) => {
    const { expectations } = scenarioExpect(name)
    const packets = expectations.filter(({ kind }) => kind === 'packet') as PacketExpectation[]
    for (const node of new Set(packets.map((packet) => packet.node))) {
      const asked = packets.filter((packet) => packet.node === node)
      const outcomes = await batch(scenarioRoot(name), node, asked)
      if (outcomes === null) expect(asked.map(({ verdict }) => verdict)).toContain('refused')
      else
        expect(
          asked.flatMap((packet, i) => {
            const outcome = outcomes[i]
            return outcome === undefined ? ['no answer'] : (mismatch(packet, outcome) ?? [])
          }),
        ).toEqual([])
    }
  })
})
