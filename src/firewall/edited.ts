import { editedConfiguration } from '../edit/configuration.ts'
import type { Edit } from '../edit/edit.ts'
import { type EditRequest, parseEdits } from '../edit/parse-edit.ts'
import { type EditProblem, isWrong } from '../edit/problem.ts'
import type { Diagnostic } from '../source/diagnostic.ts'
import type { NodeFirewall } from './node-firewall.ts'

/** A firewall after edits, and what to know of them. */
export type EditedFirewall = {
  readonly firewall: NodeFirewall
  readonly notes: readonly Diagnostic[]
}

/** A firewall as it would be after edits, in their order: the same one if there are none. Nothing is written. */
export function editedFirewall(
  firewall: NodeFirewall,
  requests: readonly EditRequest[],
): EditedFirewall | EditProblem {
  const edits: Edit[] = []
  for (const request of requests) {
    const asked = parseEdits(request, firewall.tree)
    if (isWrong(asked)) return asked
    edits.push(...asked)
  }
  if (edits.length === 0) return { firewall, notes: [] }
  const hostFw = (node: string) => firewall.onNode(node)?.tree.hostFw ?? null
  const made = editedConfiguration(firewall.tree, edits, hostFw)
  if (isWrong(made)) return made
  const isSame = made.files.size === 0
  return { firewall: isSame ? firewall : firewall.edited(made.change), notes: made.notes }
}
