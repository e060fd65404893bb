import { showAddr } from '../ip/address.ts'
import { parseMac } from '../ip/mac.ts'
import { isProblem } from '../packet/problem.ts'
import { nicAttachment } from '../topology/attachment.ts'
import { UNKNOWN_PORT } from '../topology/devices.ts'
import type { Topology } from '../topology/topology.ts'

/** A device of the node at whose other end a packet can be put in or taken out. */
export type Cable = {
  /** `tap105i0`, `eno1`: the device of the node. */
  readonly device: string
  /** Its other end, in the name space of the far ends. */
  readonly far: string
  /** MAC address of whoever is at the far end. */
  readonly mac: number
}

/** A node's network, as a script that builds it and the names of what it holds. */
export type Network = {
  /** For `sh`, in the name space of the node; `$FAR` names that of the far ends. The same text makes the same network. */
  readonly script: string
  readonly cables: ReadonlyMap<string, Cable>
  /** MAC addresses of the devices the node itself speaks IP by. */
  readonly hostMacs: ReadonlyMap<string, number>
  /** Ports by bridge. */
  readonly ports: ReadonlyMap<string, readonly string[]>
  /** What of the node cannot be built, one sentence each. */
  readonly missing: readonly string[]
}

/** A port of a bridge that no file names. */
export type ExtraPort = { readonly bridge: string; readonly port: string }

/**
 * Builds bridges, their ports and the cables of guests as Proxmox plugs them (PVE::Network `tap_plug`), with everything
 * a kernel would have to find out said beforehand: forwarding tables, neighbours, no duplicate address detection.
 */
export function networkOf(topology: Topology, extra: readonly ExtraPort[]): Network {
  const { wiring, tree } = topology
  const links: string[] = []
  const ports: Port[] = []
  const missing: string[] = []
  const cables = new Map<string, Cable>()
  const hostMacs = new Map<string, number>()
  const cable = (device: string, mac: number): void => {
    const far = `c${cables.size}`
    links.push(`link add ${device} type veth peer name ${far} netns FAR`)
    cables.set(device, { device, far, mac })
  }
  const plugged = tree.guests
    .filter(({ node }) => node === wiring.node)
    .flatMap((guest) =>
      guest.nics.map((nic) => ({ guest, nic, at: nicAttachment(wiring, guest, nic) })),
    )
  // those of VLANs are made when a guest is plugged in (PVE::Network `activate_bridge_vlan`)
  const wanted = new Map([
    ...[...wiring.bridges.values()].map((bridge) => [bridge.name, bridge] as const),
    ...plugged.flatMap(({ at }) =>
      isProblem(at) ? [] : [[at.segment.bridge.name, at.segment.bridge] as const],
    ),
  ])
  const bridges = [...wanted.values()].filter(({ kind, vlanAware, name }) => {
    const why = kind === 'ovs' ? 'is an Open vSwitch' : vlanAware ? 'is VLAN-aware' : null
    if (why !== null) missing.push(`${name} ${why}`)
    return why === null
  })
  // a VLAN device is a cable of its own: frames have their tag only below it
  for (const [index, { name, ports: own }] of bridges.entries()) {
    const mac = 0x02_00_00_01_00_00 + index
    links.push(
      `link add ${name} address ${macText(mac)} type bridge forward_delay 0 stp_state 0 mcast_snooping 0`,
    )
    hostMacs.set(name, mac)
    for (const [at, port] of own.entries()) {
      if (port === UNKNOWN_PORT) continue
      cable(port, 0x02_00_00_02_00_00 + index * 256 + at)
      ports.push({ bridge: name, port, behind: [port] })
    }
  }
  const names = new Set(bridges.map(({ name }) => name))
  for (const { bridge, port } of extra) {
    if (!names.has(bridge)) continue
    cable(port, 0x02_00_00_03_00_00 + cables.size)
    ports.push({ bridge, port, behind: [port] })
  }
  for (const { guest, nic, at } of plugged) {
    if (isProblem(at) || !names.has(at.segment.bridge.name)) {
      missing.push(`${nic.id} of guest ${guest.vmid} is on no bridge that can be built`)
      continue
    }
    const mac = nic.mac === null ? null : parseMac(nic.mac.value)
    const device = at.firewall?.guestPort ?? at.port
    cable(device, mac ?? 0x02_00_00_04_00_00 + cables.size)
    const { firewall, port } = at
    if (firewall !== null) {
      const { bridge, networkPort, peer } = firewall
      links.push(
        `link add ${bridge} type bridge forward_delay 0 stp_state 0 mcast_snooping 0`,
        `link add ${networkPort} type veth peer name ${peer}`,
      )
      ports.push(
        { bridge, port: device, behind: [device] },
        { bridge, port: networkPort, behind: null },
      )
    }
    ports.push({ bridge: at.segment.bridge.name, port, behind: [device] })
  }
  for (const device of wiring.devices.values()) {
    if (device.segment !== null || device.name.includes('.') || cables.has(device.name)) continue
    cable(device.name, 0x02_00_00_05_00_00 + cables.size)
    hostMacs.set(device.name, 0x02_00_00_06_00_00 + cables.size)
    links.push(`link set ${device.name} address ${macText(hostMacs.get(device.name) ?? 0)}`)
  }
  const addresses = [...wiring.devices.values()].flatMap(({ name, addresses: own }) =>
    hostMacs.has(name)
      ? own.map(
          ({ address, prefix }) =>
            `address add ${showAddr(address)}/${prefix} dev ${name}${address.version === 6 ? ' nodad' : ' broadcast +'}`,
        )
      : [],
  )
  return {
    script: scriptOf(links, ports, addresses, cables, hostMacs),
    cables,
    hostMacs,
    ports: new Map(
      [...new Set(ports.map(({ bridge }) => bridge))].map((bridge) => [
        bridge,
        ports.flatMap((port) => (port.bridge === bridge ? [port.port] : [])),
      ]),
    ),
    missing,
  }
}

/** `behind`: devices whose far ends are reached by the port; null: everybody that no other port leads to. */
type Port = {
  readonly bridge: string
  readonly port: string
  readonly behind: readonly string[] | null
}

function scriptOf(
  links: readonly string[],
  ports: readonly Port[],
  addresses: readonly string[],
  cables: ReadonlyMap<string, Cable>,
  hostMacs: ReadonlyMap<string, number>,
): string {
  const all = [...cables.values()]
  const everybody = [...all.map(({ mac }) => mac), ...hostMacs.values()]
  const forwarding = ports.flatMap(({ bridge, port, behind }) => {
    const own = ports.filter((other) => other.bridge === bridge && other.behind !== null)
    const near = new Set(
      own.flatMap((other) => other.behind ?? []).map((device) => cables.get(device)?.mac),
    )
    const macs =
      behind === null
        ? everybody.filter((mac) => !near.has(mac))
        : behind.map((device) => cables.get(device)?.mac ?? 0)
    return [
      `link set dev ${port} learning off`,
      ...macs.map((mac) => `fdb replace ${macText(mac)} dev ${port} master static`),
    ]
  })
  return `${[
    'set -e',
    'sed "s#FAR#$FAR#" <<END | ip -batch -',
    ...links,
    ...ports.map(({ bridge, port }) => `link set ${port} master ${bridge}`),
    'END',
    SYSCTLS,
    UP_ALL,
    // as Proxmox leaves ports and firewall bridges (PVE::Network `activate_interface`)
    `for d in ${[...new Set(ports.flatMap(({ bridge, port }) => [port, ...(hostMacs.has(bridge) ? [] : [bridge])]))].join(' ')}; do echo 1 > /proc/sys/net/ipv6/conf/$d/disable_ipv6; done`,
    'ip -batch - <<END',
    ...addresses,
    'END',
    'bridge -batch - <<END',
    ...forwarding,
    'END',
    ...FAR_UP,
  ].join('\n')}\n`
}

/** The host as tests want it: it routes whatever it is given, answers at once and asks nobody. */
const SYSCTLS = [
  'cd /proc/sys/net',
  'for d in ipv4/conf/*; do for s in rp_filter send_redirects accept_redirects; do echo 0 > $d/$s; done; for s in accept_local route_localnet; do echo 1 > $d/$s; done; done',
  'for d in ipv6/conf/*; do for s in accept_ra accept_dad dad_transmits autoconf accept_redirects router_solicitations; do echo 0 > $d/$s; done; done',
  'echo 1 > ipv4/ip_forward; echo 1 > ipv6/conf/all/forwarding',
  'echo 0 > ipv4/icmp_ratemask; echo 255 > ipv6/icmp/ratemask',
  '{ echo 1000000 > ipv4/icmp_msgs_per_sec; echo 1000000 > ipv4/icmp_msgs_burst; } 2>/dev/null || :',
  'for v in 2 10; do echo nfnetlink_log > netfilter/nf_log/$v; done',
  'cd /',
].join('\n')

/** All devices of the name space the shell is in; /sys shows those of another. */
const UP_ALL =
  'for d in $(ls /proc/sys/net/ipv4/conf); do case $d in all|default) ;; *) echo "link set $d up";; esac; done | ip -batch -'

/** Far ends take and give frames and say nothing of their own. */
const FAR_UP: readonly string[] = [
  'nsenter --net=$FAR sh -s <<"END"',
  'for d in /proc/sys/net/ipv6/conf/*; do echo 1 > $d/disable_ipv6; done',
  'for d in $(ls /proc/sys/net/ipv4/conf); do case $d in c*) echo "link set $d arp off up";; esac; done | ip -batch -',
  'END',
]

/** `02:00:00:01:00:00` */
export function macText(mac: number): string {
  const digits = mac.toString(16).padStart(12, '0')
  return digits.replace(/..(?!$)/g, '$&:')
}
