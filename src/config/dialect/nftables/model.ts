import type { IpAddr } from '../../../ip/address.ts'
import type { Cidr } from '../../../ip/prefix.ts'
import type { Diagnostic } from '../../../source/diagnostic.ts'
import type { Located, SourceFile, Span } from '../../../source/source-file.ts'

/** A name with the scope it was written with: `dc/web`, `+guest/x`, `web`. Alias names are lower case, set names as written. */
export type ScopedName = { readonly scope: 'dc' | 'guest' | 'sdn' | null; readonly name: string }

/** An element of an address list or a set: host bits are kept as written, nft masks them. */
export type AddressItem =
  | { readonly kind: 'cidr'; readonly cidr: Cidr }
  | { readonly kind: 'range'; readonly lo: IpAddr; readonly hi: IpAddr }

/** `-source`, `-dest` (`IpAddrMatch`). */
export type AddressOperand =
  | { readonly kind: 'list'; readonly version: 4 | 6; readonly items: readonly AddressItem[] }
  | { readonly kind: 'ipset' | 'alias'; readonly ref: ScopedName }

/** Inclusive; names are resolved when read. `80:80` stays a range: it is emitted as one. */
export type PortItem = { readonly lo: number; readonly hi: number; readonly range: boolean }

/** ICMP type (and code) as it will be emitted: a name nft knows, a number, or `any`. */
export type IcmpMatch =
  | { readonly kind: 'any' }
  | { readonly kind: 'type'; readonly type: string | number; readonly code: number | null }

/** `-p` with what belongs to it (`Protocol`). */
export type ProtocolMatch =
  | {
      readonly kind: 'ports'
      readonly name: 'tcp' | 'udp' | 'dccp' | 'sctp' | 'udplite'
      readonly sport: readonly PortItem[] | null
      readonly dport: readonly PortItem[] | null
    }
  | { readonly kind: 'icmp' | 'icmpv6'; readonly icmp: IcmpMatch | null }
  | { readonly kind: 'number'; readonly value: number }
  /** Any other word, handed to nft verbatim. */
  | { readonly kind: 'word'; readonly value: string }

export type LogLevel =
  | 'nolog'
  | 'emerg'
  | 'alert'
  | 'crit'
  | 'err'
  | 'warning'
  | 'notice'
  | 'info'
  | 'debug'
export type ConfigVerdict = 'ACCEPT' | 'DROP' | 'REJECT'

/** A rule line as proxmox-firewall holds it. */
export type NftRule = {
  readonly span: Span
  readonly enabled: boolean
  readonly body:
    | {
        readonly kind: 'group'
        readonly group: Located<string>
        readonly iface: Located<string> | null
      }
    | {
        readonly kind: 'match'
        readonly direction: 'in' | 'out' | 'forward'
        readonly verdict: ConfigVerdict
        readonly macro: Located<string> | null
        readonly iface: Located<string> | null
        readonly log: Located<LogLevel> | null
        readonly source: Located<AddressOperand> | null
        readonly dest: Located<AddressOperand> | null
        readonly protocol: Located<ProtocolMatch> | null
      }
}

export type NftAlias = { readonly name: string; readonly cidr: Cidr; readonly span: Span }
export type NftSetEntry = {
  readonly nomatch: boolean
  readonly item: AddressItem | { readonly kind: 'alias'; readonly ref: ScopedName }
  readonly span: Span | null
}
export type NftIpSet = {
  readonly name: string
  readonly span: Span | null
  readonly entries: readonly NftSetEntry[]
}
export type NftGroup = {
  readonly name: string
  readonly span: Span
  readonly rules: readonly NftRule[]
}

/** One .fw file as proxmox-firewall holds it; options are checked, by key as written. */
export type NftFile = {
  readonly scope: 'cluster' | 'host' | 'guest' | 'vnet'
  readonly source: SourceFile
  readonly options: ReadonlyMap<string, Located<string>>
  readonly aliases: ReadonlyMap<string, NftAlias>
  readonly ipsets: ReadonlyMap<string, NftIpSet>
  readonly groups: ReadonlyMap<string, NftGroup>
  readonly rules: readonly NftRule[]
}

/** A NIC of a guest config as proxmox-firewall reads it. */
export type NftNic = {
  readonly index: number
  readonly mac: string
  readonly firewall: boolean
  readonly ip: Cidr | null
  readonly ip6: Cidr | null
  readonly span: Span
}

export type NftGuest = {
  readonly vmid: number
  readonly type: 'vm' | 'ct'
  readonly fw: NftFile
  readonly nics: readonly NftNic[]
}

/**
 * All files of a node as proxmox-firewall holds them. `refusal` is the first error, which stops the real program
 * from loading anything; reading went on all the same, so that `diagnostics` names every line it would stumble over.
 */
export type NftConfig = {
  readonly refusal: {
    readonly diagnostic: Diagnostic /** The real program's error text. */
    readonly error: string
  } | null
  readonly cluster: NftFile | null
  readonly host: NftFile | null
  /** By vmid ascending: local guests that have a .fw file. */
  readonly guests: readonly NftGuest[]
  /** By name. */
  readonly vnets: ReadonlyMap<string, NftFile>
  /** Sets of scope `sdn` from the running configuration, and from IPAM, each sorted by name. */
  readonly sdnSets: readonly NftIpSet[]
  readonly ipamSets: readonly NftIpSet[]
  readonly diagnostics: readonly Diagnostic[]
}
