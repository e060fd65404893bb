import type { ChainTrace, HopTrace, RuleHit, Trace } from '../../src/eval/trace.ts'
import { verdictOrigin } from '../../src/eval/verdict-origin.ts'
import { parseAddr } from '../../src/ip/address.ts'
import type { Hop } from '../../src/netfilter/hook.ts'
import type { Means, Origin, Via } from '../../src/netfilter/origin.ts'
import type { Packet } from '../../src/netfilter/packet.ts'
import type { Chain, Rule, Table, Verdict } from '../../src/netfilter/ruleset.ts'
import type { Answer } from '../../src/render/answer.ts'
import { shortNames } from '../../src/render/file-names.ts'
import { lineSpan, type SourceFile, type Span, sourceFile } from '../../src/source/source-file.ts'

/** Hand-built traces: what an evaluator would return, without one. */

export const clusterFw: SourceFile = sourceFile(
  'etc/pve/firewall/cluster.fw',
  '[OPTIONS]\nenable: 1\n\n[group web]\nIN HTTP(ACCEPT)\nIN DROP -p tcp -dport 23\n\n[RULES]\nGROUP web -i vmbr1\nIN REJECT -p tcp -dport 113\n',
)
export const guestFw: SourceFile = sourceFile(
  'etc/pve/firewall/105.fw',
  '[OPTIONS]\nenable: 1\npolicy_in: DROP\n\n[RULES]\nGROUP web\nIN DROP -p tcp -dport 80\nIN ACCEPT -p tcp\n',
)
export const names = shortNames([clusterFw.path, guestFw.path])

export function lineOf(file: SourceFile, number: number): Span {
  return lineSpan(file, number)
}

export function byLine(span: Span, means: Means, via: readonly Via[] = []): Origin {
  return { kind: 'rule', span, via, means }
}

export function byPolicy(option: string, span: Span | null, means: Means): Origin {
  return { kind: 'policy', option, span, means }
}

export function made(why: string, means: Means = null): Origin {
  return { kind: 'generated', by: 'a sub', why, span: null, means }
}

export function rule(text: string, origin: Origin, body: Rule['body'] = []): Rule {
  return { text, origin, body, line: 1 }
}

/** A test of the accept mark, as it stands after the jump into a group. */
export function markTest(origin: Origin): Rule {
  const text = '-m mark --mark 0x80000000/0x80000000'
  const match = {
    kind: 'masked',
    field: 'meta mark',
    mask: 0x80000000,
    value: 0x80000000,
    negate: false,
  } as const
  return rule(`${text} -j RETURN`, origin, [{ kind: 'match', match, text }])
}

const table: Table = {
  family: 'ip',
  name: 'filter',
  chains: new Map(),
  sets: new Map(),
  maps: new Map(),
}

export function chain(name: string, hook: Hop['hook'] | null = null): Chain {
  const base = hook === null ? null : ({ hook, priority: 0, policy: 'accept' } as const)
  return { name, rules: [], base, userPolicy: 'return' }
}

export function walk(
  name: string,
  hits: readonly RuleHit[],
  end: ChainTrace['end'] = 'fell-through',
  hook: Hop['hook'] | null = null,
): ChainTrace {
  return { table, chain: chain(name, hook), hits, end, markBefore: 0, ctMarkBefore: 0 }
}

export function hit(
  number: number,
  of: Rule,
  verdict: Verdict,
  into: ChainTrace | null = null,
): RuleHit {
  return { rule: of, index: number - 1, verdict, into }
}

export const ACCEPT: Verdict = { kind: 'accept' }
export const DROP: Verdict = { kind: 'drop' }
export const RETURN: Verdict = { kind: 'return' }
export const CONTINUE: Verdict = { kind: 'continue' }
export const RESET: Verdict = { kind: 'reject', with: 'tcp-reset' }
export const jump = (to: string): Verdict => ({ kind: 'jump', chain: to })
export const goto = (to: string): Verdict => ({ kind: 'goto', chain: to })

const nowhere: Hop = {
  hook: 'forward',
  families: ['ip'],
  iif: null,
  oif: null,
  physin: null,
  physout: null,
  bridgeIn: null,
  bridgeOut: null,
  ibrname: null,
  obrname: null,
  tracks: true,
}

export function hop(of: Partial<Hop>, chains: readonly ChainTrace[], node = 'pve1'): HopTrace {
  return { hop: { ...nowhere, ...of }, node, state: 'new', chains, mark: 0, ctMark: 0 }
}

/** The way of a packet from outside through vmbr0 into the firewall bridge of guest 105. */
export function throughBridge(inside: ChainTrace): readonly HopTrace[] {
  return [
    hop({ iif: 'vmbr0', oif: 'vmbr0', physin: 'eno1', physout: 'fwpr105p0' }, [
      walk('FORWARD', [toForward([])], 'policy', 'forward'),
    ]),
    hop({ iif: 'fwbr105i0', oif: 'fwbr105i0', physin: 'fwln105i0', physout: 'tap105i0' }, [
      walk('FORWARD', [toForward([toGuest(inside)])], inside.end, 'forward'),
    ]),
  ]
}

function toForward(hits: readonly RuleHit[]): RuleHit {
  const all = rule('-j PVEFW-FORWARD', made('all bridged and routed packets come here'))
  return hit(1, all, jump('PVEFW-FORWARD'), walk('PVEFW-FORWARD', hits))
}

function toGuest(inside: ChainTrace): RuleHit {
  const bridged = rule(
    '-m physdev --physdev-is-bridged --physdev-in fwln+ -j PVEFW-FWBR-IN',
    made('packets to guests'),
  )
  const tap = rule(
    `-m physdev --physdev-is-bridged --physdev-out tap105i0 -j ${inside.chain.name}`,
    made('packets to net0 of guest 105'),
  )
  const nics = walk('PVEFW-FWBR-IN', [hit(2, tap, jump(inside.chain.name), inside)])
  return hit(3, bridged, jump('PVEFW-FWBR-IN'), nics)
}

export const tcp80: Packet = {
  ether: { src: 0xbc2411000001, dst: 0xbc2411000105, type: 0x0800, vlan: null },
  l3: {
    kind: 'ip',
    src: parseAddr('192.168.1.53')?.bits ?? 0n,
    dst: parseAddr('192.168.1.105')?.bits ?? 0n,
    srcType: null,
    dstType: null,
  },
  l4: { kind: 'tcp', sport: 49152, dport: 80, flags: 2 },
}

export function trace(
  outcome: Trace['outcome'],
  hops: readonly HopTrace[],
  more: Partial<Trace> = {},
): Trace {
  return {
    packet: tcp80,
    path: { legs: [], assumptions: [] },
    hops,
    outcome,
    assumptions: [],
    reply: null,
    ...more,
  }
}

export function answer(of: Trace, more: Partial<Answer> = {}): Answer {
  return {
    backend: 'iptables',
    node: 'pve1',
    headline: {
      proto: 'tcp',
      from: null,
      src: '192.168.1.53:49152',
      to: 'vm105',
      dst: '192.168.1.105:80',
    },
    trace: of,
    origin: verdictOrigin(of),
    kernel: 'filter:tap105i0-IN:rule:6',
    filled: [
      { field: 'sport', value: '49152', why: 'a port clients use' },
      { field: 'state', value: 'new', why: null },
    ],
    remarks: [],
    overruled: [],
    misses: () => [],
    holds: () => null,
    diagnostics: [],
    names,
    ...more,
  }
}

/** Characters of a text that a terminal would act on, but for newlines. */
export function unsafeIn(text: string): readonly string[] {
  return [...text].filter((c) => c !== '\n' && /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(c))
}
