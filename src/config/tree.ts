import type { IpAddr } from '../ip/address.ts'
import type { Cidr } from '../ip/prefix.ts'
import type { Diagnostic } from '../source/diagnostic.ts'
import type { Located, SourceFile, Span } from '../source/source-file.ts'

/**
 * Everything that was read below `--root`: texts and facts, before either backend gives the .fw files their
 * meaning. Built by `load.ts`; only `fs.ts` opens files.
 */
export type Tree = {
  /** As given by the user. */
  readonly root: string
  /** A node's file system, or a bare copy of /etc/pve. Paths of files are relative to the root either way. */
  readonly layout: 'node' | 'pve'
  /** All nodes that have a directory or stand in corosync.conf, and the one asked about; sorted. */
  readonly nodes: readonly string[]
  /** The node whose firewall is asked about. */
  readonly node: string
  readonly clusterFw: SourceFile | null
  readonly hostFw: SourceFile | null
  /** Guests of every node, by vmid ascending. INVARIANT: no vmid twice. */
  readonly guests: readonly Guest[]
  /** `<vmid>.fw` of all guests, also of those without a config. */
  readonly guestFw: ReadonlyMap<number, SourceFile>
  readonly vnetFw: ReadonlyMap<string, SourceFile>
  readonly network: Network
  /** The node whose interfaces those are: etc/hostname, where nothing is said the node asked about. */
  readonly networkOf: string
  readonly hosts: readonly HostsEntry[]
  readonly corosync: Corosync | null
  readonly sdn: Sdn | null
  readonly storage: SourceFile | null
  readonly datacenter: SourceFile | null
  readonly services: Services
  readonly protocols: Protocols
  readonly ethertypes: Ethertypes
  /** The node's own address (what its name resolves to) and the network it is in; null when undetermined. */
  readonly hostIp: Found<IpAddr> | null
  readonly localNetwork: Found<Cidr> | null
  readonly diagnostics: readonly Diagnostic[]
}

/** A fact with where it came from, in words for people (`etc/hosts:2`, `--host-ip`). */
export type Found<T> = { readonly value: T; readonly from: string; readonly span: Span | null }

export type Guest = {
  readonly vmid: number
  readonly type: 'qemu' | 'lxc'
  readonly node: string
  /** `name:` / `hostname:` of the config. */
  readonly name: string | null
  readonly conf: SourceFile
  /** In the order of the file; keys `netN` only. */
  readonly nics: readonly Nic[]
}

/** A NIC line as Proxmox's own guest-config parser reads it (PVE::QemuServer::Network::parse_net, PVE::LXC::Config parse_lxc_network). */
export type Nic = {
  /** `net0`; its digits, as written, are those of the tap or veth device. */
  readonly id: string
  readonly index: number
  /** Text as written (pve-firewall prints it so); null: none given, Proxmox makes a random one. */
  readonly mac: Located<string> | null
  readonly bridge: Located<string> | null
  /** VLAN tag on the bridge. */
  readonly tag: number | null
  readonly firewall: boolean
  readonly firewallSpan: Span | null
  readonly linkDown: boolean
  /** LXC `ip=` / `ip6=`; QEMU cloud-init `ipconfigN`: as written, `dhcp` and the like included. */
  readonly ip: Located<string> | null
  readonly ip6: Located<string> | null
  /** Why Proxmox's parser refuses the line; such a NIC is skipped (QEMU) or takes its container with it (LXC). */
  readonly error: string | null
  readonly span: Span
}

/** /etc/network/interfaces with what it sources. */
export type Network = { readonly interfaces: readonly Interface[]; readonly known: boolean }

export type Interface = {
  readonly name: string
  readonly kind: 'bridge' | 'ovs-bridge' | 'bond' | 'vlan' | 'loopback' | 'other'
  readonly addresses: readonly Located<Cidr>[]
  /** `gateway` lines: the interface the default route leaves by has one. */
  readonly gateways: readonly Located<IpAddr>[]
  /** An address comes from outside the file: `inet dhcp`, `inet6 dhcp`, `inet6 auto`. */
  readonly dynamic: boolean
  /** Bridge ports or bond slaves, as written, each once. */
  readonly ports: readonly string[]
  readonly vlanAware: boolean
  readonly altnames: readonly string[]
  readonly span: Span
}

export type HostsEntry = {
  readonly address: IpAddr
  readonly names: readonly string[]
  readonly span: Span
}

export type Corosync = {
  readonly file: SourceFile
  /** `totem.transport`; null when not set. */
  readonly transport: string | null
  /** `totem.ip_version`; null when not set. */
  readonly ipVersion: string | null
  readonly nodes: readonly CorosyncNode[]
}
export type CorosyncNode = {
  readonly name: string
  readonly span: Span /** key `ring0_addr` ... -> host name or address, in the order of the file. */
  readonly links: ReadonlyMap<string, Located<string>>
}

/** SDN running configuration and IPAM state, as parsed JSON; each dialect derives its sets. */
export type Sdn = {
  readonly running: unknown
  readonly runningFile: SourceFile | null
  readonly ipam: unknown
  readonly ipamFile: SourceFile | null
}

/** /etc/services: name -> protocols it is registered for -> port. First column and aliases apart, as readers differ. */
export type Services = {
  readonly from: string
  readonly entries: readonly {
    readonly name: string
    readonly aliases: readonly string[]
    readonly port: number
    readonly protocol: string
  }[]
}
export type Protocols = {
  readonly from: string
  readonly byName: ReadonlyMap<
    string,
    number
  > /** Second columns (`TCP`), for tools that use getprotobyname. */
  readonly aliases: ReadonlyMap<string, number>
}
export type Ethertypes = {
  readonly from: string /** Name -> text of the number as written (hex digits): pve-firewall knows only those without a letter. */
  readonly byName: ReadonlyMap<string, string>
}
