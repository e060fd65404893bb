import { fieldSlot } from '../netfilter/field.ts'
import type { Hook } from '../netfilter/hook.ts'
import type { CtState, Known, Packet } from '../netfilter/packet.ts'
import type { Statement } from '../netfilter/ruleset.ts'
import type { Doubt } from './doubt.ts'
import { UNKNOWN, type Values } from './field-value.ts'

/** The end of a packet that NAT changes at a hook: `HOOK2MANIP`, net/netfilter/nf_nat_core.c. */
export function manipulationAt(hook: Hook): 'source' | 'destination' {
  return hook === 'prerouting' || hook === 'output' ? 'destination' : 'source'
}

/**
 * True where chains of type nat are asked: about the packet that begins a connection, once for each end of it
 * (`nf_nat_inet_fn`, net/netfilter/nf_nat_core.c). Later packets get what was settled then.
 */
export function asksForNat(
  state: Known<CtState>,
  hook: Hook,
  settled: ReadonlySet<string>,
): boolean {
  const begins = state === 'new' || state === 'related' || state === 'unknown'
  return begins && !settled.has(manipulationAt(hook))
}

/**
 * Gives the packet its new source: the later hooks see that. Ports are kept, as the kernel does unless another
 * connection has them.
 */
export function translateSource(
  { to }: Extract<Statement, { kind: 'nat' }>,
  { l3 }: Packet,
  values: Values,
  doubt: Doubt,
): void {
  if (l3.kind !== 'ip' && l3.kind !== 'ip6') return
  const slot = fieldSlot(l3.kind === 'ip' ? 'ip saddr' : 'ip6 saddr')
  const type = fieldSlot('fib saddr type')
  const isKnown = to !== null && to.version === (l3.kind === 'ip' ? 4 : 6)
  values[slot] = !isKnown ? UNKNOWN : l3.kind === 'ip' ? Number(to.bits) : to.bits
  values[type] = UNKNOWN
  // what was taken for granted of the old source says nothing about this one
  for (const changed of [slot, type]) doubt.domains.delete(changed)
}
