import { type JsonObject, stringAt } from '../../netfilter/nft/json.ts'
import type { Statement } from '../../netfilter/ruleset.ts'
import { PASSIVE_TARGETS } from '../targets.ts'

/**
 * An extension of iptables-nft, of which `nft -j` lists no more than the name: `iptables-save` of the same node says the
 * rest. A match may be met or not; of a target the name often tells enough.
 */
export function readXt(body: JsonObject, text: string): Statement {
  const name = stringAt(body, 'name') ?? ''
  if (stringAt(body, 'type') !== 'target') {
    return name === 'comment'
      ? { kind: 'comment', comment: '', text }
      : { kind: 'match', match: { kind: 'opaque', text }, text }
  }
  if (PASSIVE_TARGETS.has(name)) return { kind: 'comment', comment: '', text }
  switch (name) {
    case 'LOG':
    case 'NFLOG':
      return { kind: 'log', prefix: '', group: null, text }
    case 'REJECT':
      return { kind: 'verdict', verdict: { kind: 'reject', with: 'port-unreachable' }, text }
    case 'SNAT':
    case 'MASQUERADE':
      return { kind: 'nat', which: 'source', to: null, text }
    case 'DNAT':
    case 'REDIRECT':
      return { kind: 'nat', which: 'destination', to: null, text }
    default:
      return { kind: 'opaque', text }
  }
}
