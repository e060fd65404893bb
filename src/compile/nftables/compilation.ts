import type { NftConfig, NftFile, NftGuest, NftIpSet } from '../../config/dialect/nftables/model.ts'
import type { Tree } from '../../config/tree.ts'
import type { NftCommand } from '../../netfilter/nft/command.ts'
import type { Diagnostic } from '../../source/diagnostic.ts'
import type { Statement } from './expression.ts'
import type { ChainRef, Direction } from './tables.ts'

/** What stays the same through one compilation, and the lists it fills. */
export type Compilation = {
  readonly tree: Tree
  readonly config: NftConfig
  readonly cluster: NftFile | null
  readonly host: NftFile | null
  /** Sets of scope `sdn`, those of IPAM after those of the SDN. */
  readonly sdnSets: ReadonlyMap<string, NftIpSet>
  /** Statement before each log; null with the rate limit switched off. */
  readonly logLimit: Statement | null
  /** Alternative interface name -> name. */
  readonly altnames: ReadonlyMap<string, string>
  readonly commands: NftCommand[]
  readonly diagnostics: Diagnostic[]
  /** Rules and codes already reported: a rule is compiled once for each chain and table it is in. */
  readonly reported: Set<string>
}

/** Where rules are compiled to, and whose names they see (`NftRuleEnv`). */
export type Place = {
  readonly compilation: Compilation
  readonly chain: ChainRef
  readonly direction: Direction
  /** Null in cluster, host, group and vnet chains. */
  readonly guest: NftGuest | null
}

/** Notes something about a rule unless it was noted before. */
export function report({ diagnostics, reported }: Compilation, found: Diagnostic): void {
  const { span, code } = found
  const key = span === null ? code : `${code} ${span.start} ${span.file.path}`
  if (reported.has(key)) return
  reported.add(key)
  diagnostics.push(found)
}
