import { describe, expect, it } from 'vitest'
import type { PacketExpectation } from '../support/expect.ts'
import { mismatch, type Outcome } from '../support/expect-compare.ts'
import { runCli } from '../support/run-cli.ts'
import {
  type Backend,
  backendsOf,
  scenarioExpect,
  scenarioNames,
  scenarioRoot,
} from '../support/scenarios.ts'

/** What `trace --batch` answers to these packets, in the order of the lines; null: the backend refuses. */
async function batch(
  root: string,
  node: string | null,
  backend: Backend,
  packets: readonly PacketExpectation[],
): Promise<readonly Outcome[] | null> {
  const argv = ['trace', '--root', root, '--backend', backend, '--batch', '-']
  if (node !== null) argv.push('--node', node)
  const stdin = packets.map(({ fields }) => `${JSON.stringify(fields)}\n`).join('')
  const { code, stdout } = await runCli(argv, { stdin })
  if (code === 3) return null
  const answers = stdout.trimEnd().split('\n')
  return answers.map((line): Outcome => {
    const { verdict, decidedBy, error } = JSON.parse(line)
    if (error !== undefined) throw new Error(error)
    const { kind, file, line: at, kernel } = decidedBy
    const place = file === null ? null : { file, line: at }
    return { verdict, by: kind, place, chain: chainOf(kernel) }
  })
}

/** `filter:CHAIN:rule:3`; with nftables the family stands before the table. */
function chainOf(kernel: string | null): string | null {
  const parts = kernel?.split(':') ?? []
  return parts.at(parts.length > 4 ? 2 : 1) ?? null
}

describe('`pvefw trace --batch` says the same of every packet of', () => {
  it.each(scenarioNames)('%s', async (name) => {
    const { expectations } = scenarioExpect(name)
    const packets = expectations.filter(({ kind }) => kind === 'packet') as PacketExpectation[]
    const circumstances = packets.flatMap((packet) =>
      backendsOf(packet).map((backend) => ({ packet, key: `${backend} ${packet.node ?? ''}` })),
    )
    for (const key of new Set(circumstances.map((each) => each.key))) {
      const asked = circumstances.filter((each) => each.key === key).map(({ packet }) => packet)
      const [backend, node] = key.split(' ') as [Backend, string]
      const outcomes = await batch(scenarioRoot(name), node === '' ? null : node, backend, asked)
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
