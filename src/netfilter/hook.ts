/** Address families of netfilter tables, as nft(8) names them. iptables tables are `ip`, ip6tables' `ip6`, ebtables' `bridge`. */
export type Family = 'ip' | 'ip6' | 'inet' | 'arp' | 'bridge' | 'netdev'

export type Hook =
  | 'prerouting'
  | 'input'
  | 'forward'
  | 'output'
  | 'postrouting'
  | 'ingress'
  | 'egress'

/**
 * One firing of one netfilter hook: which families run there and which devices they see.
 * Devices are those of `struct nf_hook_state` (in, out) and of `struct nf_bridge_info` (physindev, physoutdev).
 */
export type Hop = {
  readonly hook: Hook
  /** Families whose base chains run here, in the order the kernel runs them. */
  readonly families: readonly Family[]
  /** `-i`, `meta iifname`; for a bridged frame seen by ip tables this is the bridge. */
  readonly iif: string | null
  /** `-o`, `meta oifname`. */
  readonly oif: string | null
  /** Bridge port the frame came in by; null when it did not come through a bridge (nf_bridge_get_physindev). */
  readonly physin: string | null
  /** Bridge port the frame leaves by; set only while it is being bridged (nf_bridge_get_physoutdev). */
  readonly physout: string | null
  /** For bridge tables: the ports (`ebtables -i/-o`, nft bridge `iifname`/`oifname`). */
  readonly bridgeIn: string | null
  readonly bridgeOut: string | null
  /** `meta ibrname`, `meta obrname`. */
  readonly ibrname: string | null
  readonly obrname: string | null
  /** True when conntrack looks the packet up here (each bridge with call-iptables does so anew). */
  readonly tracks: boolean
}

/** The hops on one node, in the order the kernel fires them, with the place in words. */
export type Leg = {
  /** Name of the node whose kernel runs these hops. */
  readonly node: string
  readonly hops: readonly Hop[]
}

/** One packet's way. More than one leg when it leaves a node and comes back, or goes to another node. */
export type Path = {
  readonly legs: readonly Leg[]
  /** What had to be assumed to draw the path (e.g. an outside router between two VLANs), one sentence each. */
  readonly assumptions: readonly string[]
  /**
   * Hops of a packet the host itself sends to the sender of this one, on the node of the first leg: the way of an
   * ICMP error. Left out: nothing stands in its way.
   */
  readonly hostToSender?: readonly Hop[]
  /** The address the host sends it from; left out: not known. */
  readonly hostAddress?: bigint
}

/** Priorities of hooks: include/uapi/linux/netfilter_ipv4.h `NF_IP_PRI_*`, netfilter_bridge.h `NF_BR_PRI_*`. */
export const PRIORITY = {
  raw: -300,
  conntrack: -200,
  mangle: -150,
  filter: 0,
  bridgeFilterBridged: -200,
  bridgeNetfilter: 0,
} as const
