import { describe, expect, it } from 'vitest'
import { evaluate, verdictOf } from '../../src/eval/evaluate.ts'
import type { Trace } from '../../src/eval/trace.ts'
import { ipPacket, question, rulesetOf, setsOf, tableOf, tcp } from '../support/kernel-builders.ts'

const sets = setsOf(`
  create nets hash:net family inet
  add nets 10.0.0.0/8
  add nets 10.1.0.0/16 nomatch
  create empty hash:net family inet`)

type Fact = {
  readonly name: string
  readonly rules: string
  readonly outcome: string
  /** The last assumption. */
  readonly says: string | null
}

const toUnicast = tcp(80, { dst: 'unknown', dstType: 'unicast' })

const facts: readonly Fact[] = [
  {
    name: 'an address that is not known and not asked about leaves nothing open',
    rules: '-A FORWARD -p tcp -j DROP',
    outcome: 'drop',
    says: null,
  },
  {
    name: 'a rule that decides by it makes the verdict unknown and is named',
    rules: `
      -A FORWARD -d 10.0.0.0/8 -j ACCEPT
      -A FORWARD -j DROP`,
    outcome: 'unknown',
    says: 'whether `-d 10.0.0.0/8` matches decides, and the destination address is not known',
  },
  {
    name: 'rules that all end the same do not',
    rules: `
      -A FORWARD -d 10.0.0.0/8 -j DROP
      -A FORWARD -d 192.168.0.0/16 -j DROP
      -A FORWARD -j DROP`,
    outcome: 'drop',
    says: 'the answer is the same whatever the destination address is',
  },
  {
    name: 'a term that fails anyway settles a rule without knowing',
    rules: `
      -A FORWARD -d 10.0.0.0/8 -p udp -j ACCEPT
      -A FORWARD -j DROP`,
    outcome: 'drop',
    says: null,
  },
  {
    name: 'an address known to be unicast is no multicast and no broadcast address',
    rules: `
      -A FORWARD -d 224.0.0.0/4 -j DROP
      -A FORWARD -d 255.255.255.255 -j DROP
      -A FORWARD -m addrtype --dst-type MULTICAST -j DROP`,
    outcome: 'accept',
    says: null,
  },
  {
    name: 'every address is in 0.0.0.0/0',
    rules: '-A FORWARD -d 0.0.0.0/0 -j DROP',
    outcome: 'drop',
    says: null,
  },
  {
    name: 'what was taken for one rule holds for the next',
    rules: `
      -A FORWARD -d 10.0.0.0/8 -j A
      -A FORWARD -d 10.1.0.0/16 -j ACCEPT
      -A FORWARD -j DROP
      -A A ! -d 10.0.0.0/9 -d 10.0.0.0/9 -j ACCEPT`.replace('! -d 10.0.0.0/9 -d', '-d'),
    outcome: 'unknown',
    says: 'whether `-d 10.0.0.0/9` matches decides, and the destination address is not known',
  },
  {
    name: 'no address is in an empty set',
    rules: '-A FORWARD -m set --match-set empty dst -j DROP',
    outcome: 'accept',
    says: null,
  },
  {
    name: 'addresses of a set are those it does not exclude',
    rules: `
      -A FORWARD -m set --match-set nets dst -j A
      -A FORWARD -j DROP
      -A A -d 10.1.0.0/16 -j ACCEPT
      -A A -j DROP`,
    outcome: 'drop',
    says: 'the answer is the same whatever the destination address is',
  },
  {
    name: 'a target that nobody can follow is not guessed at',
    rules: '-A FORWARD -j HMARK --hmark-mod 5',
    outcome: 'unknown',
    says: 'what `-j HMARK --hmark-mod 5` does is beyond what can be evaluated',
  },
  {
    name: 'a match that nobody can evaluate may go both ways',
    rules: '-A FORWARD -m quota --quota 5 -j DROP',
    outcome: 'unknown',
    says: 'whether `-m quota --quota 5` matches cannot be evaluated',
  },
  {
    name: 'a match that nobody can evaluate changes nothing where both ways end the same',
    rules: `
      -A FORWARD -m quota --quota 5 -j DROP
      -A FORWARD -j DROP`,
    outcome: 'drop',
    says: 'the answer is the same whether `-m quota --quota 5` matches or not',
  },
]

function lastWord({ assumptions }: Trace): string | null {
  return assumptions.at(-1)?.text ?? null
}

describe('a packet to an address nobody knows', () => {
  for (const { name, rules, outcome, says } of facts) {
    it(name, () => {
      const asked = question(rulesetOf(tableOf(rules, 'ip', 'filter', sets)), toUnicast)
      const trace = evaluate(asked)
      expect([trace.outcome, lastWord(trace)]).toEqual([outcome, says])
      expect(verdictOf(asked)).toBe(outcome)
    })
  }

  it('is shown up to the rule that decides', () => {
    const rules = `
      -A FORWARD -j MARK --set-mark 1
      -A FORWARD -d 10.0.0.0/8 -j ACCEPT
      -A FORWARD -j DROP`
    const trace = evaluate(question(rulesetOf(tableOf(rules)), toUnicast))
    const hits = trace.hops[0]?.chains[0]?.hits.map(({ index }) => index)
    expect([hits, trace.assumptions.at(-1)?.rule?.text]).toEqual([[0], '-d 10.0.0.0/8 -j ACCEPT'])
  })
})

describe('fields nobody knows', () => {
  const open = ipPacket({ kind: 'tcp', sport: 'unknown', dport: 'unknown', flags: 'unknown' })

  it('of the flags, what is left is kept in mind', () => {
    const rules = `
      -A FORWARD -p tcp --syn -j A
      -A FORWARD -p tcp ! --syn -j DROP
      -A FORWARD -j ACCEPT
      -A A -j DROP`
    const trace = evaluate(question(rulesetOf(tableOf(rules)), open, undefined, { state: 'new' }))
    expect(trace.outcome).toBe('drop')
  })

  it('of the ports, both ends are asked', () => {
    const rules = `
      -A FORWARD -p tcp -m multiport --ports 80 -j DROP
      -A FORWARD -p tcp -m multiport ! --ports 80 -j DROP`
    const trace = evaluate(question(rulesetOf(tableOf(rules)), open, undefined, { state: 'new' }))
    expect(trace.outcome).toBe('drop')
  })

  it('leave the connection state open where it depends on them', () => {
    const rules = '-A FORWARD -m conntrack --ctstate INVALID -j DROP'
    const trace = evaluate(question(rulesetOf(tableOf(rules)), open))
    expect([trace.outcome, trace.assumptions.at(-1)?.kind]).toEqual(['unknown', 'state'])
  })

  it('are given up after so many cases, and that is said', () => {
    const lines = Array.from(
      { length: 400 },
      (_, i) => `-A FORWARD -d 10.${i % 256}.${i >> 8}.1 -j ACCEPT`,
    )
    const trace = evaluate(question(rulesetOf(tableOf(lines.join('\n'))), toUnicast))
    expect(trace.outcome).toBe('unknown')
    expect(lastWord(trace)).toMatch(/^too much is not known to try every case/)
  })
})

describe('what is taken for granted', () => {
  it('is said of a limit that decides, not of one that only keeps a log short', () => {
    const rules = `
      -A FORWARD -m limit --limit 1/sec -j NFLOG
      -A FORWARD -p udp -m limit --limit 2/sec -j DROP
      -A FORWARD -m limit --limit 3/sec -j ACCEPT`
    const { assumptions } = evaluate(question(rulesetOf(tableOf(rules)), tcp(80)))
    expect(assumptions.map(({ kind, text }) => [kind, text])).toEqual([
      ['limit', 'the limit of `-m limit --limit 3/sec` is not exceeded'],
    ])
  })

  it('is said of a queue', () => {
    const { assumptions } = evaluate(
      question(rulesetOf(tableOf('-A FORWARD -j NFQUEUE --queue-bypass')), tcp(80)),
    )
    expect(assumptions.map(({ text }) => text)).toEqual([
      'no program listens to the queue of `-j NFQUEUE --queue-bypass`, so the packet is accepted there',
    ])
  })
})
