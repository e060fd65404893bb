import type { Compiled } from '../../compile/compile.ts'
import type { NftablesHeld } from '../../compile/nftables/hold.ts'
import type { IptablesConfig } from '../../config/dialect/iptables/model.ts'
import type { NftConfig } from '../../config/dialect/nftables/model.ts'
import type { Tree } from '../../config/tree.ts'

/** One node as both programs read and compile it. */
export type BackendPair = {
  readonly tree: Tree
  readonly iptables: { readonly config: IptablesConfig; readonly compiled: Compiled }
  readonly nftables: { readonly config: NftConfig; readonly compiled: NftablesHeld }
}
