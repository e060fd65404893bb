import type { NftConfig } from '../../config/dialect/nftables/model.ts'
import type { Tree } from '../../config/tree.ts'
import type { NftCommand } from '../../netfilter/nft/command.ts'
import type { NftTable } from '../../netfilter/nft/objects.ts'
import type { Ruleset } from '../../netfilter/ruleset.ts'
import { applyNftCommands } from '../../read/nft/apply.ts'
import { readNftTables } from '../../read/nft/ruleset.ts'
import type { Diagnostic } from '../../source/diagnostic.ts'
import { compileNftables, type NftablesCompiled } from './compile.ts'
import { lazily } from './lazily.ts'
import { isAtLeast } from './nft-version.ts'
import { type NftRefusal, predictRefusals } from './refusals.ts'
import { SKELETON } from './skeleton.ts'

/** A compiled configuration and what a kernel that held nothing would hold of it. */
export type NftablesHeld = NftablesCompiled & {
  /** What nft or the kernel refuse of the commands; one is enough for none of them to be carried out. */
  readonly refusals: readonly NftRefusal[]
  /**
   * What is in force after an update at boot, as nft's objects. Nothing where proxmox-firewall cannot read the
   * configuration, the skeleton alone where nft refuses its commands. A node that ran before keeps its old rules.
   * Both are made when first asked for: the commands are what most of an update is about.
   */
  readonly tables: readonly NftTable[]
  readonly held: Ruleset
}

/**
 * Compiles for the nftables backend and lets nft of a version judge it. `switchedOn`: false where proxmox-firewall reads
 * no switch in what it can read, so that it removes its tables.
 */
export function compileAndHold(
  tree: Tree,
  config: NftConfig,
  nftVersion: string,
  switchedOn = true,
): NftablesHeld {
  const compiled =
    switchedOn || config.refusal !== null ? compileNftables(tree, config) : NOT_SWITCHED_ON
  const refusals =
    compiled.state === 'compiled'
      ? predictRefusals(compiled.commands, tree.protocols, nftVersion)
      : []
  const diagnostics: readonly Diagnostic[] = [
    ...compiled.diagnostics,
    ...refusals.map(({ diagnostic }) => diagnostic),
  ]
  // before 1.1.2 nft loads the malformed set statement of the SYN flood limit without the limit
  const ignoresMalformedLimit = !isAtLeast(nftVersion, '1.1.2')
  const tables = lazily(() => applyNftCommands(carriedOut(compiled, refusals)).tables)
  const held = lazily(() => readNftTables('nftables', tables(), { ignoresMalformedLimit }))
  return {
    ...compiled,
    diagnostics,
    refusals,
    get tables() {
      return tables()
    },
    get held() {
      return held()
    },
  }
}

const NOT_SWITCHED_ON: NftablesCompiled = {
  state: 'disabled',
  error: null,
  commands: [],
  diagnostics: [],
}

function carriedOut(
  { state, commands }: NftablesCompiled,
  refusals: readonly NftRefusal[],
): readonly NftCommand[] {
  if (state !== 'compiled') return []
  return refusals.length > 0 ? SKELETON : [...SKELETON, ...commands]
}
