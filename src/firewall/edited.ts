import { editedConfiguration } from '../edit/configuration.ts'
import type { Edit } from '../edit/edit.ts'
import { type EditRequest, parseEdits } from '../edit/parse-edit.ts'
import { type EditProblem, isWrong } from '../edit/problem.ts'
import type { NodeFirewall } from './node-firewall.ts'

/** A firewall as it would be after edits, in their order: the same one if there are none. Nothing is written. */
export function editedFirewall(
  firewall: NodeFirewall,
  requests: readonly EditRequest[],
): NodeFirewall | EditProblem {
  const edits: Edit[] = []
  for (const request of requests) {
    const asked = parseEdits(request)
    if (isWrong(asked)) return asked
    edits.push(...asked)
  }
  if (edits.length === 0) return firewall
  const hostFw = (node: string) => firewall.onNode(node)?.tree.hostFw ?? null
  const made = editedConfiguration(firewall.tree, edits, hostFw)
  return isWrong(made) ? made : firewall.edited(made.change)
}
