import type { NftablesHeld } from '../compile/nftables/hold.ts'
import { SKELETON } from '../compile/nftables/skeleton.ts'
import { GUEST_TABLE, HOST_TABLE } from '../compile/nftables/tables.ts'
import { applyNftCommands } from '../read/nft/apply.ts'
import { renderNftRemoval, renderNftScript } from '../render/nft-script.ts'

/** What proxmox-firewall hands to nft in one update, by the name `pvefw compile` gives it. */
export type NftFiles = {
  /** First transaction, for `nft -f`. */
  readonly 'skeleton.nft': string
  /** Second transaction, for `nft -j -f`. */
  readonly 'ruleset.json': string
}

/** Both transactions as texts; of a firewall that is switched off, the removal of its tables and no commands. */
export function nftFiles({ state, commands }: NftablesHeld): NftFiles {
  const tables = [HOST_TABLE, GUEST_TABLE].map(({ family, table }) => ({ family, name: table }))
  return {
    'skeleton.nft':
      state === 'compiled'
        ? `# The fixed part of proxmox-firewall's rules: load it first, then ruleset.json.\n${renderNftScript(applyNftCommands(SKELETON).tables)}`
        : `# The firewall is off: proxmox-firewall removes its tables.\n${renderNftRemoval(tables)}`,
    'ruleset.json': `${JSON.stringify({ nftables: commands.map(({ json }) => json) }, null, 2)}\n`,
  }
}
