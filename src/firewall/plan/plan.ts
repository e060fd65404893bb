import { editedConfiguration } from '../../edit/configuration.ts'
import type { Edit } from '../../edit/edit.ts'
import { type EditProblem, isWrong } from '../../edit/problem.ts'
import type { Advice, LockoutEntry, LockoutView } from '../../render/lockout-view.ts'
import { auditLockout, type LockoutOptions } from '../lockout/audit.ts'
import { lockoutView } from '../lockout/view.ts'
import type { NodeFirewall } from '../node-firewall.ts'
import { switchesOf } from '../switches.ts'
import { behind, inSafeOrder, isClusterSwitch, phaseOf } from './order.ts'

/** Some edits that are made together, and the firewall after them. */
export type PlannedStep = {
  /** `keep`: rules that keep what would be lost; `enable`: the firewall of the cluster goes on; else what was asked for. */
  readonly kind: 'keep' | 'edit' | 'enable'
  readonly edits: readonly Edit[]
  readonly after: NodeFirewall
  readonly audit: LockoutView
}

export type Plan = {
  readonly today: NodeFirewall
  readonly steps: readonly PlannedStep[]
  /** Needs that some step loses, as that step loses them first. */
  readonly lost: readonly LockoutEntry[]
  readonly unproved: readonly LockoutEntry[]
}

/** Rounds of advice: a rule may show what else is lost. */
const mostRounds = 4

/**
 * Steps from today to what is asked for. Rules that keep what would be lost are added first; the state after every step is
 * audited against today.
 *
 * @returns Names of administrators that nobody knows, or an edit that makes no sense.
 */
export function planOf(
  today: NodeFirewall,
  asked: readonly Edit[],
  options: LockoutOptions,
): Plan | EditProblem | { readonly unknown: readonly string[] } {
  let kept: readonly Edit[] = []
  for (let round = 0; ; round += 1) {
    const edits = [...kept, ...behind(inSafeOrder(asked), kept)]
    const steps = stepsOf(today, kept.length, edits, options)
    if ('problem' in steps || 'unknown' in steps) return steps
    const lost = steps.flatMap(({ audit }) =>
      audit.entries.filter(({ status }) => status === 'lost'),
    )
    const rules = round === mostRounds ? [] : newRules(lost, kept, today)
    if (rules.length === 0) {
      const unproved = steps.flatMap(({ audit }) =>
        audit.entries.filter(({ status }) => status === 'unproved'),
      )
      return { today, steps, lost: eachOnce(lost), unproved: eachOnce(unproved) }
    }
    kept = [...rules, ...kept]
  }
}

function stepsOf(
  today: NodeFirewall,
  keeping: number,
  edits: readonly Edit[],
  options: LockoutOptions,
): readonly PlannedStep[] | EditProblem | { readonly unknown: readonly string[] } {
  const steps: PlannedStep[] = []
  for (let from = 0; from < edits.length; ) {
    const to = endOfStep(edits, from, keeping)
    const after = afterEdits(today, edits.slice(0, to))
    if (isWrong(after)) return after
    const audit = auditLockout(after, today, options)
    if ('unknown' in audit) return audit
    const own = edits.slice(from, to)
    const goesOn = own.some(isClusterSwitch) && !isOn(today) && isOn(after)
    steps.push({
      kind: from < keeping ? 'keep' : goesOn ? 'enable' : 'edit',
      edits: own,
      after,
      audit: lockoutView(audit),
    })
    from = to
  }
  return steps
}

/** Edits of one request and one phase are one step, and so are the rules that are added first. */
function endOfStep(edits: readonly Edit[], from: number, keeping: number): number {
  if (from < keeping) return keeping
  const [first] = edits.slice(from)
  const isOther = (edit: Edit): boolean =>
    edit.asked !== first?.asked || phaseOf(edit) !== phaseOf(first)
  const next = edits.findIndex((edit, i) => i > from && isOther(edit))
  return next === -1 ? edits.length : next
}

function afterEdits(today: NodeFirewall, edits: readonly Edit[]): NodeFirewall | EditProblem {
  const hostFw = (node: string) => today.onNode(node)?.tree.hostFw ?? null
  const made = editedConfiguration(today.tree, edits, hostFw)
  return isWrong(made) ? made : today.edited(made.change)
}

/** Whether the firewall of the cluster is on. */
export function isOn(firewall: NodeFirewall): boolean {
  return switchesOf(firewall).cluster
}

/** Rules that the audits advise and that are not among those that are added already. */
function newRules(
  lost: readonly LockoutEntry[],
  kept: readonly Edit[],
  { tree }: NodeFirewall,
): readonly Edit[] {
  const rules = new Map<string, Edit>()
  for (const { loss } of lost) {
    const advice = loss?.advice ?? null
    if (advice === null) continue
    const edit = editOf(advice, tree.nodes)
    const key = JSON.stringify([edit.target, edit.change])
    if (!kept.some((one) => JSON.stringify([one.target, one.change]) === key)) rules.set(key, edit)
  }
  return [...rules.values()]
}

/** Advice is for cluster.fw, or for the host.fw of a node. */
function editOf({ file, line }: Advice, nodes: readonly string[]): Edit {
  const node = nodes.find((name) => file === `${name}'s host.fw`)
  return {
    target: node === undefined ? { kind: 'cluster' } : { kind: 'host', node },
    change: { kind: 'insert-rule', list: { kind: 'rules' }, position: 0, line },
    by: 'the plan',
    asked: 'keep',
  }
}

function eachOnce(entries: readonly LockoutEntry[]): readonly LockoutEntry[] {
  const known = new Map<string, LockoutEntry>()
  for (const entry of entries) {
    const key = `${entry.id} ${entry.between} ${entry.family}`
    if (!known.has(key)) known.set(key, entry)
  }
  return [...known.values()]
}
