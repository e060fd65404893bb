import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { NodeFirewall } from '../../src/firewall/node-firewall.ts'
import { openNode, outcomeOf, placeOf } from '../support/ask.ts'
import {
  type DiagnosticExpectation,
  type Expectation,
  type FlowExpectation,
  parseExpect,
} from '../support/expect.ts'
import { flowMismatch, mismatch, samePlace } from '../support/expect-compare.ts'
import { flowOutcomes } from '../support/flow-outcome.ts'
import {
  type Backend,
  backendsOf,
  scenarioExpect,
  scenarioNames,
  scenarioRoot,
  scenariosFolder,
} from '../support/scenarios.ts'

type Opened = (circumstances: { node: string | null; backend: Backend }) => NodeFirewall

/** Each node of a scenario is read once for each backend. */
function nodesOf(name: string): Opened {
  const opened = new Map<string, NodeFirewall>()
  return ({ node, backend }) => {
    const key = `${backend} ${node}`
    const firewall = opened.get(key) ?? openNode(scenarioRoot(name), node, backend)
    opened.set(key, firewall)
    return firewall
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

describe.each(scenarioNames)('%s', (name) => {
  const { expectations, errors } = scenarioExpect(name)
  const nodeNamed = nodesOf(name)

  it('has expectations without mistakes', () => {
    expect(errors).toEqual([])
    expect(expectations.length).toBeGreaterThan(0)
  })

  const said = expectations.filter(({ kind }) => kind === 'flow') as FlowExpectation[]
  const flows = said.flatMap((flow) =>
    backendsOf(flow).map((backend) => [`${flow.title} (${backend})`, flow, backend] as const),
  )
  it.runIf(flows.length > 0).each(flows)('%s', async (_title, flow, backend) => {
    const { end, anew } = await flowOutcomes(name, flow, backend)
    expect(flowMismatch(flow.end, end, flow.line)).toBeNull()
    if (flow.anew === null) return
    if (anew === null) throw new Error('nothing is begun anew')
    expect(flowMismatch(flow.anew, anew, flow.line)).toBeNull()
  })

  const asked = expectations.filter(({ kind }) => kind !== 'flow') as Exclude<
    Expectation,
    FlowExpectation
  >[]
  const cases = asked.flatMap((expectation) => {
    const backends = backendsOf(expectation)
    return backends.map((backend) => {
      const title = backends.length > 1 ? `${expectation.title} (${backend})` : expectation.title
      return [title, expectation, backend] as const
    })
  })
  it.each(cases)('%s', (_title, expectation, backend) => {
    const node = nodeNamed({ node: expectation.node, backend })
    const complaint =
      expectation.kind === 'diagnostic'
        ? missingDiagnostic(expectation, node)
        : mismatch(expectation, outcomeOf(node, expectation.fields))
    expect(complaint).toBeNull()
  })
})

describe('the collection', () => {
  const list = readFileSync(join(scenariosFolder, 'README.md'), 'utf8')

  it('has at least 45 scenarios', () => {
    expect(scenarioNames.length).toBeGreaterThanOrEqual(45)
  })

  it('has at least 25 that answer for nftables', () => {
    const both = scenarioNames.filter((name) =>
      scenarioExpect(name).expectations.some(({ backends }) => backends.includes('nftables')),
    )
    expect(both.length).toBeGreaterThanOrEqual(25)
  })

  it.each(scenarioNames)('%s is explained and stands in the list with its title', (name) => {
    const readme = readFileSync(join(scenariosFolder, name, 'README.md'), 'utf8')
    const title = /^# (.+)\n/.exec(readme)?.[1]
    expect(readme).toMatch(/\*\*Instead:\*\* [\s\S]+Sources: /)
    expect(list).toContain(`| [${name}](${name}/README.md) | ${title} |`)
  })
})

describe('a wrong expectation fails', () => {
  const node = nodesOf('rule-order')({ node: null, backend: 'auto' })
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
