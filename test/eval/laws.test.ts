import fc from 'fast-check'
import { expect, it } from 'vitest'
import { evaluate, verdictOf } from '../../src/eval/evaluate.ts'
import type { ChainTrace } from '../../src/eval/trace.ts'
import type { Packet } from '../../src/netfilter/packet.ts'
import { bridged, question, rulesetOf, tableOf, tcp, udp } from '../support/kernel-builders.ts'
import { runs } from '../support/runs.ts'

const term = fc.oneof(
  fc.constantFrom('-p tcp', '-p udp', '-p tcp --dport 80', '-p udp --dport 53', ''),
  fc.constantFrom('-s 10.0.0.0/8', '! -s 10.1.0.0/16', '-d 10.0.0.0/9', '-d 192.168.0.0/16'),
  fc.constantFrom('-m mark --mark 1/1', '-m mark ! --mark 2/2', '-m conntrack --ctstate NEW'),
  fc.constantFrom('-m limit --limit 1/s', '-m physdev --physdev-in p1', '-i br'),
)

const verdict = fc.constantFrom('ACCEPT', 'DROP', 'MARK --set-mark 1/1', 'MARK --set-mark 2/3')

/** Rules of a chain that ends without sending the packet back. */
function rules(chain: string, targets: fc.Arbitrary<string>): fc.Arbitrary<readonly string[]> {
  return fc.array(
    fc.tuple(term, targets).map(([words, target]) => `-A ${chain} ${words} ${target}`),
    { maxLength: 6 },
  )
}

const plain = verdict.map((name) => `-j ${name}`)
const anywhere = fc.oneof(
  plain,
  fc.constantFrom('-j RETURN', '-j B', '-g B', '-j REJECT', '-j NFLOG'),
)

/** A ruleset of three chains that jump forward only. */
const ruleset = fc
  .tuple(
    rules('FORWARD', fc.oneof(anywhere, fc.constantFrom('-j A', '-g A'))),
    rules('A', anywhere),
    rules('B', fc.oneof(plain, fc.constant('-j RETURN'))),
  )
  .map((parts) => parts.flat())

const address = fc.constantFrom('10.0.0.1', '10.1.0.1', '10.200.0.1', '192.168.0.1', 'unknown')
const packet: fc.Arbitrary<Packet> = fc
  .tuple(fc.boolean(), fc.constantFrom(80, 53), address, address)
  .map(([isTcp, dport, src, dst]) => (isTcp ? tcp : udp)(dport, { src, dst }))

const hop = bridged('br', 'p1', 'p2')
const declared = '-A A -p esp\n-A B -p esp\n'

it('the outcome is the same whether the walk is written down or not', () => {
  fc.assert(
    fc.property(ruleset, packet, (lines, one) => {
      const asked = question(rulesetOf(tableOf(declared + lines.join('\n'))), one, [hop])
      expect(verdictOf(asked)).toBe(evaluate(asked).outcome)
    }),
    { numRuns: runs(400) },
  )
})

it('an unknown address ends as some known one does, or as several do', () => {
  const known = ['10.0.0.1', '10.1.0.1', '10.200.0.1', '192.168.0.1', '172.16.0.1']
  fc.assert(
    fc.property(ruleset, fc.constantFrom(80, 53), (lines, dport) => {
      const rulesOf = rulesetOf(tableOf(declared + lines.join('\n')))
      const outcome = verdictOf(question(rulesOf, tcp(dport, { dst: 'unknown' }), [hop]))
      const outcomes = new Set(
        known.map((dst) => verdictOf(question(rulesOf, tcp(dport, { dst }), [hop]))),
      )
      if (outcome === 'unknown') return
      expect([...outcomes]).toEqual([outcome])
    }),
    { numRuns: runs(400) },
  )
})

it('a jump to a chain without return is the rules of the chain written out', () => {
  fc.assert(
    fc.property(rules('FORWARD', plain), rules('A', plain), packet, (around, inner, one) => {
      const middle = Math.floor(around.length / 2)
      const inlined = [
        ...around.slice(0, middle),
        ...inner.map((line) => line.replace('-A A', '-A FORWARD')),
        ...around.slice(middle),
      ]
      const jumping = [
        ...around.slice(0, middle),
        '-A FORWARD -j A',
        ...around.slice(middle),
        '-A A -p esp',
        ...inner,
      ]
      const outcomes = [inlined, jumping].map((lines) =>
        verdictOf(question(rulesetOf(tableOf(lines.join('\n'))), one, [hop])),
      )
      expect(outcomes[0]).toBe(outcomes[1])
    }),
    { numRuns: runs(500) },
  )
})

/** Rules most of which look at one device. */
const deviceRule = fc
  .tuple(
    fc.constantFrom('--physdev-in p1', '--physdev-in p2', '--physdev-in p3', '--physdev-in p+'),
    fc.constantFrom('', '! --physdev-out p2', '--physdev-is-bridged'),
    fc.constantFrom('ACCEPT', 'DROP', 'MARK --set-mark 1/1', 'MARK --set-mark 2/3', 'RETURN'),
    fc.constantFrom('', '-m mark --mark 1/1', '-s 10.0.0.0/8'),
  )
  .map(([port, other, target, more]) => `-m physdev ${port} ${other} ${more} -j ${target}`)

it('rules looked up by device are those a walk finds', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(deviceRule, fc.constantFrom('-j A', '-p udp -j DROP')), {
        minLength: 8,
        maxLength: 40,
      }),
      fc.constantFrom('p1', 'p2', 'p3', 'p4'),
      packet,
      (lines, port, one) => {
        const numbered = lines.map((line) => `-A FORWARD ${line}`)
        const table = tableOf(`${numbered.join('\n')}\n-A A -p esp`)
        const at = bridged('br', port, 'p9')
        const dispatched = evaluate(question(rulesetOf(table), one, [at]))
        expect(indexes(dispatched.hops[0]?.chains[0])).toEqual(linear(lines, port, one))
      },
    ),
    { numRuns: runs(300) },
  )
})

function indexes(chain: ChainTrace | undefined): readonly number[] {
  return chain?.hits.map(({ index }) => index) ?? []
}

/** The same rules, each alone in a chain of its own: none is long enough to be looked up. */
function linear(lines: readonly string[], port: string, one: Packet): readonly number[] {
  const text = lines
    .map(
      (line, i) =>
        `-A FORWARD -m mark ! --mark 0x100/0x100 -j R${i}\n-A R${i} ${line.replace('-j RETURN', '-j MARK --set-mark 0x100/0x100')}`,
    )
    .join('\n')
  const trace = evaluate(
    question(rulesetOf(tableOf(`${text}\n-A A -p esp`)), one, [bridged('br', port, 'p9')]),
  )
  return (trace.hops[0]?.chains[0]?.hits ?? []).flatMap(({ index, into }) =>
    (into?.hits.length ?? 0) > 0 ? [index] : [],
  )
}
