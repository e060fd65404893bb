import type { Edit } from '../../edit/edit.ts'
import type { RuleList } from '../../edit/opened.ts'
import { unreachable } from '../../source/unreachable.ts'

/**
 * What must come before what, so that no state on the way is worse than both ends: rules and names, then switches and
 * policies, the firewall of the cluster last. Within each the order that was asked for.
 */
export function inSafeOrder(edits: readonly Edit[]): readonly Edit[] {
  return [0, 1, 2].flatMap((phase) => edits.filter((edit) => phaseOf(edit) === phase))
}

/** 0: what rules say; 1: what is on and what happens otherwise; 2: the switch of the cluster. */
export function phaseOf(edit: Edit): 0 | 1 | 2 {
  const { kind } = edit.change
  if (kind !== 'option' && kind !== 'nic') return 0
  return isClusterSwitch(edit) ? 2 : 1
}

/** An edit of `enable` in cluster.fw. */
export function isClusterSwitch({ target, change }: Edit): boolean {
  return target.kind === 'cluster' && change.kind === 'option' && change.key === 'enable'
}

/** The edits where rules stand before all others of their list already: their positions count from behind those. */
export function behind(edits: readonly Edit[], first: readonly Edit[]): readonly Edit[] {
  return edits.map((edit) => {
    const { change } = edit
    if (!('list' in change)) return edit
    const before = first.filter(
      (one) =>
        'list' in one.change &&
        sameList(one.change.list, change.list) &&
        JSON.stringify(one.target) === JSON.stringify(edit.target),
    ).length
    return before === 0 ? edit : { ...edit, change: shifted(change, before) }
  })
}

function shifted<C extends Extract<Edit['change'], { readonly list: RuleList }>>(
  change: C,
  by: number,
): C {
  const position = change.position + by
  return change.kind === 'move-rule'
    ? { ...change, position, before: change.before + by }
    : { ...change, position }
}

function sameList(a: RuleList, b: RuleList): boolean {
  switch (a.kind) {
    case 'rules':
      return b.kind === 'rules'
    case 'group':
      return b.kind === 'group' && a.name.toLowerCase() === b.name.toLowerCase()
    default:
      return unreachable(a)
  }
}
