import type { Diagnostic } from '../../source/diagnostic.ts'
import type { Difference, Place } from './difference.ts'
import { LOAD_DIFFERENCES } from './differences-load.ts'
import { OPERATION_DIFFERENCES } from './differences-operation.ts'
import { VERDICT_DIFFERENCES } from './differences-verdict.ts'
import type { BackendPair } from './pair.ts'

/** Every known difference between the backends: what stops a load first, then what packets show, then the rest. */
export const DIFFERENCES: readonly Difference[] = [
  ...LOAD_DIFFERENCES,
  ...VERDICT_DIFFERENCES,
  ...OPERATION_DIFFERENCES,
]

/** A difference that concerns a configuration, and where. */
export type Concern = { readonly difference: Difference; readonly places: readonly Place[] }

/** The differences that concern a node, in the order of the table. Linear in its complaints and rules. */
export function concernsOf(pair: BackendPair): readonly Concern[] {
  const { config, compiled } = pair.nftables
  const told = new Map<string, Diagnostic[]>()
  for (const one of [...config.diagnostics, ...compiled.diagnostics]) {
    const same = told.get(one.code)
    if (same === undefined) told.set(one.code, [one])
    else same.push(one)
  }
  return DIFFERENCES.flatMap((difference) => {
    const places: readonly Place[] = [
      ...difference.told.flatMap((code) =>
        (told.get(code) ?? []).map(({ span, message }) => ({ span, note: message })),
      ),
      ...(difference.find?.(pair) ?? []),
    ]
    return places.length === 0 ? [] : [{ difference, places }]
  })
}
