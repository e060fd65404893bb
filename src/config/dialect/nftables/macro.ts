import { findMacro } from '../../macros.ts'
import type { ProtocolMatch } from './model.ts'
import { parseProtocol } from './protocol.ts'

/** The protocols a macro stands for, in order (`get_macro`); null when there is none of exactly this name. */
export function macroProtocols(name: string): readonly ProtocolMatch[] | null {
  const known = CACHE.get(name)
  if (known !== undefined) return known
  const macro = findMacro(name)
  if (macro === null || macro.name !== name || macro.nftables === null) return null
  const protocols = macro.nftables.flatMap(({ proto, sport, dport }): readonly ProtocolMatch[] => {
    const typed = proto === 'icmp' || proto === 'icmpv6'
    const fields = typed
      ? { proto, sport: null, dport: null, icmpType: dport }
      : { proto, sport, dport, icmpType: null }
    const protocol = parseProtocol(fields, NO_NAMES)
    return 'kind' in protocol ? [protocol] : []
  })
  CACHE.set(name, protocols)
  return protocols
}

const NO_NAMES: ReadonlyMap<string, number> = new Map()

/** INVARIANT: at most one entry for each macro of the table. */
const CACHE = new Map<string, readonly ProtocolMatch[]>()
