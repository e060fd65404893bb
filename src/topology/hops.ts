import type { Family, Hook, Hop } from '../netfilter/hook.ts'
import type { Backend } from './devices.ts'
import type { Bridge } from './segment.ts'

/**
 * Which hooks of which families a frame passes at a bridge and in the IP stack. Measured on Linux 6.12 (see
 * test/topology/kernel-hooks.txt); the code is net/bridge/br_input.c, br_forward.c and br_netfilter_hooks.c.
 */
export type HopRules = {
  /** Families of IP tables this packet passes; empty for ARP and the like. */
  readonly ip: readonly Family[]
  readonly bridge: readonly Family[]
  readonly bridgeAndIp: readonly Family[]
  /** `bridge-nf-call-iptables`: IP tables see bridged frames too, through br_netfilter. */
  readonly callsIp: boolean
}

const BRIDGE: readonly Family[] = ['bridge']
const NOTHING: readonly Family[] = []

/** The rules on a node with this backend and setting; `family`: null for a packet without IP header. */
export function hopRules(backend: Backend, callsIp: boolean, family: 4 | 6 | null): HopRules {
  const own: Family = family === 4 ? 'ip' : 'ip6'
  const ip: readonly Family[] =
    family === null ? NOTHING : backend === 'iptables' ? [own] : [own, 'inet']
  return { ip, bridge: BRIDGE, bridgeAndIp: ['bridge', ...ip], callsIp }
}

/**
 * A frame between two ports of one Linux bridge. IP tables see it with the bridge as device and the ports as
 * physdev: on its way in unless it comes with a tag (skb_vlan_tag_present; bridge-nf-filter-vlan-tagged is 0),
 * on its way out unless it leaves with one or was not seen coming in.
 */
export function bridgedHops(
  rules: HopRules,
  bridge: Bridge,
  from: BridgePort,
  to: BridgePort,
): readonly Hop[] {
  const seen = !from.tagged && rules.callsIp && rules.ip.length > 0
  const seenOut = seen && !to.tagged
  const { name } = bridge
  const out = seenOut ? rules.bridgeAndIp : rules.bridge
  return [
    arrival(rules, name, from.device, seen),
    {
      ...hop('forward', out),
      iif: seenOut ? name : null,
      oif: seenOut ? name : null,
      physin: seenOut ? from.device : null,
      physout: seenOut ? to.device : null,
      bridgeIn: from.device,
      bridgeOut: to.device,
      ibrname: name,
      obrname: name,
    },
    {
      ...hop('postrouting', out),
      oif: seenOut ? name : null,
      physin: seenOut ? from.device : null,
      physout: seenOut ? to.device : null,
      bridgeOut: to.device,
      obrname: name,
    },
  ]
}

/** A port of a bridge, and whether the frame carries a VLAN tag on its wire. */
export type BridgePort = { readonly device: string; readonly tagged: boolean }

/** Where a packet is when the IP stack has taken it: its device, and the bridge port it is still known to have come by. */
export type AtStack = {
  readonly hops: readonly Hop[]
  readonly iif: string
  readonly physin: string | null
}

/**
 * A frame from a port of a bridge up to the IP stack of the host, whose device there is `device`. Where IP tables
 * saw it at the bridge, they do not see it again in prerouting (br_netfilter_hooks.c `ip_sabotage_in`).
 */
export function fromBridgeToStack(
  rules: HopRules,
  bridge: Bridge,
  from: BridgePort,
  device: string,
): AtStack {
  const seen = !from.tagged && rules.callsIp && rules.ip.length > 0
  const input: Hop = {
    ...hop('input', rules.bridge),
    bridgeIn: from.device,
    ibrname: bridge.name,
  }
  const hops = [arrival(rules, bridge.name, from.device, seen), input]
  // nf_conntrack_bridge has tracked it already where br_netfilter does not call.
  if (!seen) hops.push(...fromWireToStack(rules, device, rules.callsIp).hops)
  return { hops, iif: device, physin: seen ? from.device : null }
}

/** A packet from a device without bridge up to the IP stack. */
export function fromWireToStack(rules: HopRules, device: string, tracks = true): AtStack {
  const hops = ipHops(rules, { ...hop('prerouting', rules.ip), iif: device, tracks })
  return { hops, iif: device, physin: null }
}

/** Delivery to a process of the host. */
export function localInput(rules: HopRules, at: AtStack): readonly Hop[] {
  return ipHops(rules, { ...hop('input', rules.ip), iif: at.iif, physin: at.physin })
}

/** Routed from one device to another. The port it came by stays known, the one it leaves by is not yet. */
export function routed(rules: HopRules, at: AtStack, oif: string): readonly Hop[] {
  const { iif, physin } = at
  return [
    ...ipHops(rules, { ...hop('forward', rules.ip), iif, oif, physin }),
    ...ipHops(rules, { ...hop('postrouting', rules.ip), iif, oif, physin }),
  ]
}

/** Sent by a process of the host. */
export function localOutput(rules: HopRules, oif: string): readonly Hop[] {
  return [
    ...ipHops(rules, { ...hop('output', rules.ip), oif, tracks: true }),
    ...ipHops(rules, { ...hop('postrouting', rules.ip), oif }),
  ]
}

/** From the IP stack out of a port of a bridge: IP tables do not see it there (br_nf_post_routing, no physoutdev). */
export function fromStackToBridge(rules: HopRules, bridge: Bridge, port: string): readonly Hop[] {
  const at = { bridgeOut: port, obrname: bridge.name }
  return [
    { ...hop('output', rules.bridge), ...at },
    { ...hop('postrouting', rules.bridge), ...at },
  ]
}

/** A tagged frame from a port of a bridge up to a VLAN device on it that is itself a port of another bridge. */
export function fromBridgeToVlanDevice(
  rules: HopRules,
  bridge: Bridge,
  port: string,
): readonly Hop[] {
  return [
    arrival(rules, bridge.name, port, false),
    { ...hop('input', rules.bridge), bridgeIn: port, ibrname: bridge.name },
  ]
}

/** The host to itself over `lo`: the packet keeps the connection it was given in output. */
export function loopback(rules: HopRules): readonly Hop[] {
  return [
    ...localOutput(rules, 'lo'),
    ...ipHops(rules, { ...hop('prerouting', rules.ip), iif: 'lo' }),
    ...ipHops(rules, { ...hop('input', rules.ip), iif: 'lo' }),
  ]
}

function arrival(rules: HopRules, bridge: string, port: string, seen: boolean): Hop {
  return {
    ...hop('prerouting', seen ? rules.bridgeAndIp : rules.bridge),
    iif: seen ? bridge : null,
    physin: seen ? port : null,
    bridgeIn: port,
    ibrname: bridge,
    tracks: seen || (!rules.callsIp && rules.ip.length > 0),
  }
}

function ipHops(rules: HopRules, each: Hop): Hop[] {
  return rules.ip.length === 0 ? [] : [each]
}

function hop(hook: Hook, families: readonly Family[]): Hop {
  return {
    hook,
    families,
    iif: null,
    oif: null,
    physin: null,
    physout: null,
    bridgeIn: null,
    bridgeOut: null,
    ibrname: null,
    obrname: null,
    tracks: false,
  }
}
