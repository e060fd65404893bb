import { describe, expect, it } from 'vitest'
import { decide, kernelName } from '../../src/eval/decide.ts'
import { evaluate } from '../../src/eval/evaluate.ts'
import type { Trace } from '../../src/eval/trace.ts'
import {
  bridged,
  ebtablesOf,
  question,
  rulesetOf,
  tableOf,
  tcp,
} from '../support/kernel-builders.ts'

/** How a packet that matches every rule gets through chains. */
const walks: readonly { name: string; rules: string; outcome: string; by: string | null }[] = [
  {
    name: 'the first verdict ends the walk',
    rules: `
      -A FORWARD -j DROP
      -A FORWARD -j ACCEPT`,
    outcome: 'drop',
    by: 'filter:FORWARD:rule:1 rule',
  },
  {
    name: 'the end of a built-in chain is its policy, and the last rule that matched is named',
    rules: `
      -A FORWARD -j A
      -A A -p udp -j DROP`,
    outcome: 'accept',
    by: 'filter:FORWARD:rule:1 policy',
  },
  {
    name: 'the end of a chain comes back behind the jump',
    rules: `
      -A FORWARD -j A
      -A FORWARD -j DROP
      -A A -p udp -j ACCEPT`,
    outcome: 'drop',
    by: 'filter:FORWARD:rule:2 rule',
  },
  {
    name: 'return comes back behind the jump',
    rules: `
      -A FORWARD -j A
      -A FORWARD -j DROP
      -A A -j RETURN
      -A A -j ACCEPT`,
    outcome: 'drop',
    by: 'filter:FORWARD:rule:2 rule',
  },
  {
    name: 'return in a built-in chain is its policy',
    rules: `
      -A FORWARD -j RETURN
      -A FORWARD -j DROP`,
    outcome: 'accept',
    by: 'filter:FORWARD:rule:1 policy',
  },
  {
    name: 'goto does not come back to its chain but to the caller of it',
    rules: `
      -A FORWARD -j A
      -A FORWARD -j ACCEPT
      -A A -g B
      -A A -j DROP
      -A B -j MARK --set-mark 1`,
    outcome: 'accept',
    by: 'filter:FORWARD:rule:2 rule',
  },
  {
    name: 'goto from a built-in chain ends at its policy',
    rules: `
      -A FORWARD -g A
      -A FORWARD -j DROP
      -A A -j RETURN`,
    outcome: 'accept',
    by: 'filter:A:rule:1 policy',
  },
  {
    name: 'return behind two gotos comes back to the one jump',
    rules: `
      -A FORWARD -j A
      -A FORWARD -j DROP
      -A A -g B
      -A B -g C
      -A B -j ACCEPT
      -A C -j RETURN`,
    outcome: 'drop',
    by: 'filter:FORWARD:rule:2 rule',
  },
  {
    name: 'rules that log or comment match and decide nothing',
    rules: `
      -A FORWARD -j MARK --set-mark 1
      -A FORWARD -j NFLOG --nflog-prefix x
      -A FORWARD -m comment --comment x`,
    outcome: 'accept',
    by: 'filter:FORWARD:rule:1 policy',
  },
  {
    name: 'a mark set in a chain is seen behind the jump',
    rules: `
      -A FORWARD -j A
      -A FORWARD -m mark --mark 0x80000000/0x80000000 -j DROP
      -A A -j MARK --set-mark 0x80000000/0x80000000`,
    outcome: 'drop',
    by: 'filter:FORWARD:rule:2 rule',
  },
  {
    name: 'a mark of all 32 bits is unsigned',
    rules: `
      -A FORWARD -j MARK --set-mark 0xffffffff
      -A FORWARD -j MARK --and-mark 0x80000001
      -A FORWARD -m mark --mark 2147483649 -j DROP`,
    outcome: 'drop',
    by: 'filter:FORWARD:rule:3 rule',
  },
  {
    name: 'marks go to the connection and come back',
    rules: `
      -A FORWARD -j MARK --set-mark 5
      -A FORWARD -j CONNMARK --save-mark
      -A FORWARD -j MARK --set-mark 0
      -A FORWARD -m connmark --mark 5 -j CONNMARK --restore-mark
      -A FORWARD -m mark --mark 5 -j DROP`,
    outcome: 'drop',
    by: 'filter:FORWARD:rule:5 rule',
  },
  {
    name: 'a queue without listener accepts if it may be bypassed',
    rules: `
      -A FORWARD -j NFQUEUE --queue-num 0 --queue-bypass
      -A FORWARD -j DROP`,
    outcome: 'accept',
    by: 'filter:FORWARD:rule:1 rule',
  },
  {
    name: 'a queue without listener drops if it may not',
    rules: '-A FORWARD -j NFQUEUE --queue-num 0',
    outcome: 'drop',
    by: 'filter:FORWARD:rule:1 rule',
  },
  {
    name: 'an empty table decides nothing',
    rules: '',
    outcome: 'accept',
    by: null,
  },
]

function decided(trace: Trace): string | null {
  const decision = decide(trace)
  const name = kernelName(decision)
  return name === null ? null : `${name} ${decision.kind}`
}

describe('a walk through chains', () => {
  for (const { name, rules, outcome, by } of walks) {
    it(name, () => {
      const trace = evaluate(question(rulesetOf(tableOf(rules)), tcp(80)))
      expect([trace.outcome, decided(trace)]).toEqual([outcome, by])
    })
  }

  it('writes down where each chain was entered and how it ended', () => {
    const rules = `
      -A FORWARD -j A
      -A FORWARD -j B
      -A A -j MARK --set-mark 7
      -A B -j DROP`
    const trace = evaluate(question(rulesetOf(tableOf(rules)), tcp(80)))
    const [forward] = trace.hops[0]?.chains ?? []
    const [a, b] = forward?.hits.map((hit) => hit.into) ?? []
    expect([forward?.end, a?.end, b?.end]).toEqual(['verdict', 'fell-through', 'verdict'])
    expect([a?.markBefore, b?.markBefore, trace.hops[0]?.mark]).toEqual([0, 7, 7])
  })

  it('keeps the mark from hop to hop of a node and drops it on the next', () => {
    const ruleset = rulesetOf(
      tableOf(`
        -A FORWARD -i a -j MARK --set-mark 1
        -A FORWARD -i b -m mark --mark 1 -j DROP`),
    )
    const [a, b] = ['a', 'b'].map((iif) => ({ ...bridged('br', 'x', 'y'), iif }))
    if (a === undefined || b === undefined) throw new Error('two hops')
    const one = question(ruleset, tcp(80), [a, b])
    const two = {
      ...one,
      path: {
        legs: [
          { node: 'x', hops: [a] },
          { node: 'y', hops: [b] },
        ],
        assumptions: [],
      },
    }
    expect([evaluate(one).outcome, evaluate(two).outcome]).toEqual(['drop', 'accept'])
  })

  it('runs raw before filter, and accept in raw does not spare filter', () => {
    const ruleset = rulesetOf(
      tableOf('-A OUTPUT -j DROP'),
      tableOf('-A OUTPUT -j ACCEPT', 'ip', 'raw'),
    )
    const hop = { ...bridged('br', 'x', 'y'), hook: 'output' as const }
    const trace = evaluate(question(ruleset, tcp(80), [hop]))
    expect(trace.hops[0]?.chains.map(({ table }) => table.name)).toEqual(['raw', 'filter'])
    expect(trace.outcome).toBe('drop')
  })

  it('ends an ebtables chain with the policy of that chain, nested or not', () => {
    const table = ebtablesOf(`
      :A ACCEPT
      -A A -p ARP -j DROP
      -A FORWARD -j A
      -A FORWARD -j DROP`)
    const trace = evaluate(question(rulesetOf(table), tcp(80), [bridged('br', 'x', 'y')]))
    expect(trace.outcome).toBe('accept')
    expect(decided(trace)).toBe('ebtables:FORWARD:rule:1 policy')
  })
})
