import { DEFAULT_SETTINGS } from '../../eval/conntrack/settings.ts'
import type { ConntrackSettings } from '../../netfilter/conntrack.ts'
import type { NodeFirewall } from '../node-firewall.ts'

/** Host options that are written to /proc (`update_nf_conntrack_tcp_timeout_*`, Firewall.pm; `set_sysctl`, firewall.rs). */
const OPTIONS = ['established', 'syn_recv'] as const

/** Settings of conntrack on a node: its host options, and the kernel's own values for all others. */
export function settingsOf({ config }: NodeFirewall): ConntrackSettings {
  const timeouts: Record<string, number> = { ...DEFAULT_SETTINGS.timeouts }
  for (const state of OPTIONS) {
    const seconds = Number(config.host?.options.get(`nf_conntrack_tcp_timeout_${state}`)?.value)
    if (Number.isSafeInteger(seconds) && seconds > 0) timeouts[`tcp_timeout_${state}`] = seconds
  }
  return { ...DEFAULT_SETTINGS, timeouts }
}
