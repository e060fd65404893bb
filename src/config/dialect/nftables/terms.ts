import type { Services } from '../../tree.ts'
import { parseOperand } from './address.ts'
import type { AddressOperand } from './model.ts'
import { type NamedPorts, namedPorts } from './ports.ts'

/** What the values of rules are read with: names of ports, and addresses that were read before (they repeat). */
export type Terms = {
  readonly names: NamedPorts
  readonly operands: Map<string, AddressOperand | null>
}

export function newTerms(services: Services): Terms {
  return { names: namedPorts(services), operands: new Map() }
}

/** The value of `-source` or `-dest`: the same object for the same text; null for an error. */
export function operandOf({ operands }: Terms, text: string): AddressOperand | null {
  const known = operands.get(text)
  if (known !== undefined) return known
  const operand = parseOperand(text)
  operands.set(text, operand)
  return operand
}
