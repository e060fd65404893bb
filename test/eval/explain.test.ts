import { describe, expect, it } from 'vitest'
import { evaluate } from '../../src/eval/evaluate.ts'
import { explainMisses, laterMatches } from '../../src/eval/explain.ts'
import type { ChainTrace, Question, RuleHit, Trace } from '../../src/eval/trace.ts'
import type { Means, Origin } from '../../src/netfilter/origin.ts'
import type { Chain, Rule, Table } from '../../src/netfilter/ruleset.ts'
import { sourceFile } from '../../src/source/source-file.ts'
import { question, rulesetOf, tableOf, tcp } from '../support/kernel-builders.ts'

function chainNamed(trace: Trace, name: string): ChainTrace {
  const find = (chain: ChainTrace): ChainTrace | undefined =>
    chain.chain.name === name
      ? chain
      : chain.hits.flatMap(({ into }) => (into === null ? [] : [find(into)])).find((one) => one)
  const found = trace.hops.flatMap(({ chains }) => chains.map(find)).find((one) => one)
  if (found === undefined) throw new Error(`chain ${name} was not entered`)
  return found
}

function missesOf(asked: Question, name: string): readonly string[] {
  const trace = evaluate(asked)
  const [hop] = trace.hops
  if (hop === undefined) throw new Error('no hop')
  return explainMisses(asked, trace, hop, chainNamed(trace, name)).map(
    ({ index, tested, failed }) =>
      `${index + 1}: ${failed?.statement.text} had ${failed?.actual.map(String)} after ${tested.length}`,
  )
}

describe('rules that were passed over', () => {
  it('are shown with the term that failed and what the packet had there', () => {
    const rules = `
      -A FORWARD -p udp -j DROP
      -A FORWARD -p tcp --dport 443 -j DROP
      -A FORWARD -s 192.0.2.0/24 -p tcp --dport 81 -j DROP
      -A FORWARD -i vmbr0 -j DROP
      -A FORWARD -j ACCEPT
      -A FORWARD -p udp -j DROP`
    expect(missesOf(question(rulesetOf(tableOf(rules)), tcp(80)), 'FORWARD')).toEqual([
      '1: -p udp had 6 after 1',
      '2: --dport 443 had 80 after 2',
      '3: --dport 81 had 80 after 3',
      '4: -i vmbr0 had null after 1',
    ])
  })

  it('had the mark of their turn', () => {
    const rules = `
      -A FORWARD -m mark --mark 7 -j DROP
      -A FORWARD -j A
      -A FORWARD -m mark --mark 8 -j DROP
      -A A -j MARK --set-mark 7`
    expect(missesOf(question(rulesetOf(tableOf(rules)), tcp(80)), 'FORWARD')).toEqual([
      '1: -m mark --mark 7 had 0 after 1',
      '3: -m mark --mark 8 had 7 after 1',
    ])
  })

  it('end before the rule of which nobody knows whether it matches', () => {
    const rules = `
      -A FORWARD -p udp -j DROP
      -A FORWARD -d 10.0.0.0/8 -j DROP
      -A FORWARD -p udp -j DROP`
    const asked = question(rulesetOf(tableOf(rules)), tcp(80, { dst: 'unknown' }))
    expect(missesOf(asked, 'FORWARD')).toEqual(['1: -p udp had 6 after 1'])
  })

  it('show IPv4 addresses as addresses', () => {
    const asked = question(rulesetOf(tableOf('-A FORWARD -s 10.0.0.1 -j DROP')), tcp(80))
    expect(missesOf(asked, 'FORWARD')).toEqual([`1: -s 10.0.0.1 had ${0xc0000201} after 1`])
  })
})

/** Gives rules that end in `# file:line means` the origin of such a line. */
function withOrigins(text: string): Table {
  const notes = new Map<string, string>()
  for (const row of text.split('\n').map((line) => line.trim())) {
    const [rule = '', note] = row.split(' # ')
    if (note !== undefined) notes.set(rule.replace(/^-A \S+ /, ''), note)
  }
  const table = tableOf(text.replaceAll(/ # .*$/gm, ''))
  const chains = [...table.chains].map(([name, chain]): [string, Chain] => [
    name,
    { ...chain, rules: chain.rules.map((rule) => withOrigin(rule, notes.get(rule.text))) },
  ])
  return { ...table, chains: new Map(chains) }
}

function withOrigin(rule: Rule, note: string | undefined): Rule {
  if (note === undefined) return rule
  const [line = '0', means = ''] = note.split(' ')
  const origin: Origin = {
    kind: 'rule',
    span: { file: firewall, start: Number(line) * 10, end: Number(line) * 10 + 9 },
    via: [],
    means: means === '' ? null : (means as Means),
  }
  return { ...rule, origin }
}

const firewall = sourceFile('105.fw', '')

function later(asked: Question): readonly string[] {
  const trace = evaluate(asked)
  const [hop] = trace.hops
  const hits: RuleHit[] = []
  const collect = (chain: ChainTrace): void => {
    for (const hit of chain.hits) {
      if (hit.rule.origin.kind === 'rule' && hit.rule.origin.means !== null) hits.push(hit)
      if (hit.into !== null) collect(hit.into)
    }
  }
  hop?.chains.forEach(collect)
  const [first] = hits
  if (hop === undefined || first === undefined) return []
  return laterMatches(asked, hop, first).map(
    ({ chain, index, would }) => `${chain.name}:${index + 1} would ${would}`,
  )
}

describe('a rule that came too late', () => {
  it('matches as well and would decide otherwise', () => {
    const rules = `
      -A FORWARD -j IN
      -A IN -p tcp --dport 80 -j ACCEPT # 7 accept
      -A IN -p tcp -j DROP # 8 drop
      -A IN -p udp -j DROP # 9 drop
      -A IN -s 192.0.2.0/24 -j ACCEPT # 10 accept
      -A IN -j DROP`
    expect(later(question(rulesetOf(withOrigins(rules)), tcp(80)))).toEqual(['IN:2 would drop'])
  })

  it('may stand in a group behind, or behind the group that decided', () => {
    const rules = `
      -A FORWARD -j IN
      -A IN -j GROUP # 3
      -A IN -m mark --mark 1 -j ACCEPT # 3
      -A IN -j OTHER # 4
      -A IN -p tcp -j REJECT --reject-with tcp-reset # 5 reject
      -A GROUP -p tcp -g SET # 20 accept
      -A GROUP -j DROP # 21 drop
      -A OTHER -p tcp --dport 80 -j DROP # 30 drop
      -A SET -j MARK --set-mark 1`
    expect(later(question(rulesetOf(withOrigins(rules)), tcp(80)))).toEqual([
      'GROUP:2 would drop',
      'OTHER:1 would drop',
      'IN:4 would reject',
    ])
  })

  it('is named once for the rules of one line, and not for the line that decided', () => {
    const rules = `
      -A FORWARD -p tcp --dport 80 -j ACCEPT # 1 accept
      -A FORWARD -p tcp --dport 79:90 -j DROP # 1 drop
      -A FORWARD -p tcp --dport 70:90 -j DROP # 2 drop
      -A FORWARD -p tcp --dport 60:90 -j DROP # 2 drop`
    expect(later(question(rulesetOf(withOrigins(rules)), tcp(80)))).toEqual([
      'FORWARD:3 would drop',
    ])
  })
})
