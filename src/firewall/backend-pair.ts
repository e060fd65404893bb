import type { BackendPair } from '../audit/backends/pair.ts'
import type { NodeFirewall } from './node-firewall.ts'

/** One node by both backends. */
export function pairOf(iptables: NodeFirewall, nftables: NodeFirewall): BackendPair {
  if (iptables.backend !== 'iptables' || nftables.backend !== 'nftables')
    throw new Error('one firewall of each backend is needed')
  const { tree } = iptables
  return {
    tree,
    iptables: { config: iptables.config, compiled: iptables.compiled },
    nftables: { config: nftables.config, compiled: nftables.compiled },
  }
}
