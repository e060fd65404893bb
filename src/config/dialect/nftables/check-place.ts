import type { NftRule } from './model.ts'
import { parseUnsigned } from './numbers.ts'
import type { FileScope } from './options.ts'
import { type Refused, refused } from './refused.ts'

const ALLOWED: Readonly<Record<FileScope, readonly ('in' | 'out' | 'forward')[]>> = {
  cluster: ['in', 'out', 'forward'],
  host: ['in', 'out', 'forward'],
  guest: ['in', 'out'],
  vnet: ['forward'],
}

/** Why a rule cannot stand in this file's `[RULES]` (common.rs `parse_rule`); groups take any rule. */
export function checkPlace({ body, span }: NftRule, scope: FileScope): Refused | null {
  const { iface } = body
  if (scope === 'guest' && iface !== null && !isNicName(iface.value))
    return refused(
      'nftables/rule-interface',
      iface.span,
      'interface name must be of the form "net<number>"',
      `\`${iface.value}\` is no NIC of a guest`,
      'write `-i net0` (the number of the NIC in the guest config), or leave `-i` out for all NICs',
    )
  if (body.kind === 'group' || ALLOWED[scope].includes(body.direction)) return null
  const words = scope === 'vnet' ? 'FORWARD' : 'IN and OUT'
  return refused(
    'nftables/rule-direction',
    span,
    `found not allowed direction in firewall config: ${body.direction}`,
    `a ${scope} file has ${words} rules only`,
    scope === 'vnet' ? 'write FORWARD' : 'write IN or OUT, or move the rule to the vnet file',
  )
}

function isNicName(text: string): boolean {
  return text.startsWith('net') && parseUnsigned(text.slice(3), 65_535) !== null
}
