import { optionsOf } from '../compile/iptables/options.ts'
import { integer } from '../config/dialect/nftables/options.ts'
import { DEFAULT_SETTINGS } from '../eval/conntrack/settings.ts'
import type { ConntrackSettings } from '../netfilter/conntrack.ts'
import type { NodeFirewall } from './node-firewall.ts'

const ESTABLISHED = 'nf_conntrack_tcp_timeout_established'
const SYN_RECV = 'nf_conntrack_tcp_timeout_syn_recv'

/**
 * Settings of conntrack on a node: the kernel's own, but for what its firewall program writes to /proc. pve-firewall
 * writes the one timeout (Firewall.pm `update_nf_conntrack_tcp_timeout_established`); for the other it looks up a
 * misspelt key and writes nothing. proxmox-firewall writes both, where they are set.
 */
export function settingsOf(firewall: NodeFirewall): ConntrackSettings {
  const { timeouts } = DEFAULT_SETTINGS
  const set = (name: string, seconds: number | null): Record<string, number> =>
    seconds === null ? {} : { [name]: seconds }
  if (firewall.backend === 'iptables') {
    const text = optionsOf(firewall.config.host).get(ESTABLISHED)?.value
    const seconds = text === undefined || !/^\d+$/.test(text) ? null : Number(text)
    return {
      ...DEFAULT_SETTINGS,
      timeouts: { ...timeouts, ...set('tcp_timeout_established', seconds) },
    }
  }
  const { host } = firewall.config
  const own = (key: string): number | null => {
    const { value, span } = integer(host, key, 0)
    return span === null ? null : value
  }
  return {
    ...DEFAULT_SETTINGS,
    timeouts: {
      ...timeouts,
      ...set('tcp_timeout_established', own(ESTABLISHED)),
      ...set('tcp_timeout_syn_recv', own(SYN_RECV)),
    },
  }
}
