import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { NodeFirewall } from '../../src/node-firewall.ts'
import { openNode, outcomeOf, placeOf } from '../support/ask.ts'
import {
  type DiagnosticExpectation,
  type PacketExpectation,
  parseExpect,
} from '../support/expect.ts'
import { mismatch, type Outcome, samePlace } from '../support/expect-compare.ts'
import { repository, runCli } from '../support/run-cli.ts'

const folder = join(repository, 'scenarios')
const names = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .sort()

/** Each node of a scenario is read once. */
function nodesOf(name: string): (node: string | null) => NodeFirewall {
  const opened = new Map<string | null, NodeFirewall>()
  return (node) => {
    const asked = opened.get(node) ?? openNode(join(folder, name, 'root'), node)
    opened.set(node, asked)
    return asked
  }
}

function missingDiagnostic(expected: DiagnosticExpectation, node: NodeFirewall): string | null {
  const { code, place } = expected
  const found = node.diagnostics.some(
    (diagnostic) =>
      diagnostic.code === code && (place === null || samePlace(place, placeOf(diagnostic.span))),
  )
  if (found) return null
  const said = node.diagnostics.map((diagnostic) => {
    const at = placeOf(diagnostic.span)
    return `${diagnostic.code}${at === null ? '' : ` ${at.file}:${at.line}`}`
  })
  return `line ${expected.line}: expected \`${expected.title}\`, but there is ${said.join(', ') || 'none'}`
}

describe.each(names)('%s', (name) => {
  const { expectations, errors } = parseExpect(readFileSync(join(folder, name, 'expect'), 'utf8'))
  const nodeNamed = nodesOf(name)

  it('has expectations without mistakes', () => {
    expect(errors).toEqual([])
    expect(expectations.length).toBeGreaterThan(0)
  })

  // other backends than this one are asked where they are built
  const here = expectations.filter(({ backends }) => backends.includes('iptables'))
  it.each(here.map((expectation) => [expectation.title, expectation] as const))(
    '%s',
    (_title, expectation) => {
      const node = nodeNamed(expectation.node)
      const complaint =
        expectation.kind === 'diagnostic'
          ? missingDiagnostic(expectation, node)
          : mismatch(expectation, outcomeOf(node, expectation.fields))
      expect(complaint).toBeNull()
    },
  )
})

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
  it.each(names)('%s', async (name) => {
    const { expectations } = parseExpect(readFileSync(join(folder, name, 'expect'), 'utf8'))
    const packets = expectations.filter(({ kind }) => kind === 'packet') as PacketExpectation[]
    for (const node of new Set(packets.map((packet) => packet.node))) {
      const asked = packets.filter((packet) => packet.node === node)
      const outcomes = await batch(join(folder, name, 'root'), node, asked)
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

describe('the collection', () => {
  const list = readFileSync(join(folder, 'README.md'), 'utf8')

  it('has at least 45 scenarios', () => {
    expect(names.length).toBeGreaterThanOrEqual(45)
  })

  it.each(names)('%s is explained and stands in the list with its title', (name) => {
    const readme = readFileSync(join(folder, name, 'README.md'), 'utf8')
    const title = /^# (.+)\n/.exec(readme)?.[1]
    expect(readme).toMatch(/\*\*Instead:\*\* [\s\S]+Sources: /)
    expect(list).toContain(`| [${name}](${name}/README.md) | ${title} |`)
  })
})

describe('a wrong expectation fails', () => {
  const node = nodesOf('rule-order')(null)
  const facts: readonly [string, string | null][] = [
    ['outside 192.168.1.53 -> vm105 tcp/80 DROP by 105.fw:7', null],
    ['outside 192.168.1.53 -> vm105 tcp/80 DROP', null],
    ['outside 192.168.1.53 -> vm105 tcp/80 ACCEPT by 105.fw:7', 'expected ACCEPT by 105.fw:7'],
    ['outside 192.168.1.53 -> vm105 tcp/80 DROP by 105.fw:8', 'expected DROP by 105.fw:8'],
    ['outside 192.168.1.53 -> vm105 tcp/80 DROP by policy', 'expected DROP by policy'],
    ['outside 192.168.1.53 -> vm105 tcp/80 REFUSED', 'expected REFUSED'],
  ]
  it.each(facts)('%s', (line, complaint) => {
    const [expectation] = parseExpect(line).expectations
    if (expectation?.kind !== 'packet') throw new Error('not a packet')
    const found = mismatch(expectation, outcomeOf(node, expectation.fields))
    if (complaint === null) expect(found).toBeNull()
    else expect(found).toContain(complaint)
  })

  it('and so does a diagnostic that is not there', () => {
    const [expectation] = parseExpect('warn: config/unknown-option host.fw:2').expectations
    if (expectation?.kind !== 'diagnostic') throw new Error('not a diagnostic')
    expect(missingDiagnostic(expectation, node)).toContain('expected `warn: config/unknown-option')
  })
})
