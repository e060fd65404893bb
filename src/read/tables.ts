import type { Hook } from '../netfilter/hook.ts'
import type { RestoreLine } from '../netfilter/restore.ts'
import type { Statement } from '../netfilter/ruleset.ts'

/** The tables of iptables and ip6tables. */
export type TableName = 'filter' | 'nat' | 'mangle' | 'raw' | 'security'

/** A built-in chain: where the kernel calls it. */
export type BuiltIn = {
  readonly name: string
  readonly hook: Hook
  readonly priority: number
}

function chains(...list: readonly (readonly [string, Hook, number])[]): readonly BuiltIn[] {
  return list.map(([name, hook, priority]) => ({ name, hook, priority }))
}

/** Built-in chains in the kernel's order: net/ipv4/netfilter/iptable_*.c, priorities of netfilter_ipv4.h. */
export const BUILT_IN: Readonly<Record<TableName, readonly BuiltIn[]>> = {
  filter: chains(['INPUT', 'input', 0], ['FORWARD', 'forward', 0], ['OUTPUT', 'output', 0]),
  raw: chains(['PREROUTING', 'prerouting', -300], ['OUTPUT', 'output', -300]),
  mangle: chains(
    ['PREROUTING', 'prerouting', -150],
    ['INPUT', 'input', -150],
    ['FORWARD', 'forward', -150],
    ['OUTPUT', 'output', -150],
    ['POSTROUTING', 'postrouting', -150],
  ),
  nat: chains(
    ['PREROUTING', 'prerouting', -100],
    ['INPUT', 'input', 100],
    ['OUTPUT', 'output', -100],
    ['POSTROUTING', 'postrouting', 100],
  ),
  security: chains(['INPUT', 'input', 50], ['FORWARD', 'forward', 50], ['OUTPUT', 'output', 50]),
}

/** A chain as text, in a table that is listed: policy of a built-in one (of ebtables: of any), and its lines. */
export type ChainText = {
  readonly policy: 'accept' | 'drop' | 'return'
  readonly lines: readonly RestoreLine[]
}

/** Whether the text is about to be handed to a kernel or was listed by one: that holds every line of it. */
export type Standing = 'handed' | 'listed'

/** What a rule read from a kernel means by itself: its verdict; null where it makes no decision. */
export function meansOf(body: readonly Statement[]): 'accept' | 'drop' | 'reject' | null {
  for (const statement of body) {
    if (statement.kind !== 'verdict') continue
    const { kind } = statement.verdict
    if (kind === 'accept' || kind === 'drop' || kind === 'reject') return kind
  }
  return null
}

/** The statement of a line that cannot be read though a kernel holds it. */
export function unread(text: string): readonly Statement[] {
  return [{ kind: 'opaque', text: text.trim() }]
}
