import type { IptablesConfig } from '../config/dialect/iptables/model.ts'
import type { Tree } from '../config/tree.ts'
import type { RestoreLine, RestoreStep } from '../netfilter/restore.ts'
import type { Ruleset } from '../netfilter/ruleset.ts'
import type { Diagnostic } from '../source/diagnostic.ts'
import { compileIptables, type IptablesCompiled, NOTHING_HANDED } from './iptables/compile.ts'
import { hold } from './iptables/hold.ts'
import { reportRefusals } from './iptables/refusal-report.ts'

/** A compiled configuration and what a kernel that held nothing would hold of it. */
export type Compiled = IptablesCompiled & {
  /**
   * What is in force after the update. With a refusal, what the steps before it leave; a node keeps its old
   * rules in all the others.
   */
  readonly held: Ruleset
  /** Where the update ends, in the tool's words; null when every step is taken. */
  readonly refusal: {
    readonly step: RestoreStep
    readonly line: RestoreLine
    readonly message: string
  } | null
}

/** Compiles for the iptables backend and lets the kernel's tools judge it; see `iptables/hold.ts`. */
export function compile(tree: Tree, config: IptablesConfig): Compiled {
  const compiled = compileIptables(tree, config)
  const { ruleset, refused } = hold(compiled.handed ?? NOTHING_HANDED, tree)
  const diagnostics: readonly Diagnostic[] = [...compiled.diagnostics, ...reportRefusals(refused)]
  return { ...compiled, diagnostics, held: ruleset, refusal: refused[0] ?? null }
}
