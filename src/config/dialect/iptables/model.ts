import type { Diagnostic } from '../../../source/diagnostic.ts'
import type { Located, SourceFile, Span } from '../../../source/source-file.ts'

/**
 * A rule line as pve-firewall holds it (`parse_fw_rule`, `verify_rule`). Values keep their spelling: it is emitted.
 * A value `0` is kept, though Perl takes it for absent in most places.
 */
export type FwRule = {
  /** The stripped line, without newline. */
  readonly span: Span
  readonly enabled: boolean
  /** Lower case: `in`, `out`, `forward`, `group` (anything else has an error). */
  readonly type: string
  /** `ACCEPT` ..., or the name of a security group (case as written). */
  readonly action: Located<string>
  /** Canonical spelling of the macro's name. */
  readonly macro: Located<string> | null
  readonly iface: Located<string> | null
  readonly proto: Located<string> | null
  readonly dport: Located<string> | null
  readonly sport: Located<string> | null
  readonly source: Located<string> | null
  readonly dest: Located<string> | null
  readonly log: Located<string> | null
  readonly icmpType: Located<string> | null
  readonly comment: Located<string> | null
  /** Family the addresses and protocol pin the rule to; null: both. */
  readonly ipVersion: 4 | 6 | null
  /** Not empty: the rule is stored but never generated. */
  readonly errors: readonly Diagnostic[]
}

export type Alias = {
  /** As written; looked up in lower case. */
  readonly name: string
  /** `/32` and `/128` removed, otherwise as written. */
  readonly cidr: string
  readonly version: 4 | 6
  readonly span: Span
}

export type IpSetEntry = {
  /** Address text without `/32` and `/128`, or the alias reference as written. */
  readonly cidr: string
  readonly nomatch: boolean
  readonly span: Span
  /** Not null: the entry is kept but not put out. */
  readonly error: Diagnostic | null
}

export type IpSet = {
  readonly name: string
  readonly span: Span
  readonly entries: readonly IpSetEntry[]
}

export type Group = {
  readonly name: string
  readonly span: Span
  readonly rules: readonly FwRule[]
}

export type FwScope = 'cluster' | 'host' | 'guest' | 'vnet'

/** One .fw file as pve-firewall holds it. */
export type FwFile = {
  readonly scope: FwScope
  readonly source: SourceFile
  /** Key lower case; value as pve-firewall stores it (helpers lower-cased, log level empty string allowed). */
  readonly options: ReadonlyMap<string, Located<string>>
  /** By lower-case name. */
  readonly aliases: ReadonlyMap<string, Alias>
  readonly ipsets: ReadonlyMap<string, IpSet>
  readonly groups: ReadonlyMap<string, Group>
  readonly rules: readonly FwRule[]
}

/** All files of a node as pve-firewall holds them. A missing or empty file is null, as for Proxmox. */
export type IptablesConfig = {
  readonly cluster: FwFile | null
  readonly host: FwFile | null
  /** By vmid, local guests that have a file. */
  readonly guests: ReadonlyMap<number, FwFile>
  /** Sets derived from SDN and IPAM (`<vnet>-all` ...), by name. */
  readonly sdnSets: ReadonlyMap<string, IpSet>
  readonly diagnostics: readonly Diagnostic[]
}
