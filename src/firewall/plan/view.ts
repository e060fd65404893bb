import { pveshCalls } from '../../edit/pvesh-text.ts'
import { showAddr } from '../../ip/address.ts'
import type { PlanState, PlanView, PlanViewStep } from '../../render/plan-view.ts'
import type { NodeFirewall } from '../node-firewall.ts'
import { isClusterSwitch } from './order.ts'
import { isOn, type Plan, type PlannedStep } from './plan.ts'
import { timerSteps } from './undo.ts'

/**
 * What a person types, in order: with the time in `enable` that switches the iptables backend off by itself where the
 * firewall goes on, else with a timer; then the check, then what keeps it.
 */
export function planView({ today, steps, lost, unproved }: Plan): PlanView {
  const last = steps.at(-1)
  const after = last?.after ?? today
  const onTrial = last?.kind === 'enable' && backendsOf(after).every((one) => one === 'iptables')
  const typed = steps.map((step) => stepView(step, onTrial))
  const edits = steps.flatMap((step) => step.edits)
  const { node } = today.tree
  const base = { node, backend: after.backend, isOn: isOn(today), lost, unproved }
  const blind = (last?.audit.blind ?? []).map(({ what, why }) => `${what}: ${why}`)
  if (onTrial)
    return { ...base, blind, steps: [...typed, checkStep(after, 'within that minute'), KEEP_ON] }
  // while the firewall is off nothing can be lost
  const from = isOn(today) ? 0 : steps.findIndex((step) => isOn(step.after))
  if (from === -1) return { ...base, blind, steps: typed }
  const { arm, keep } = timerSteps(today, after, edits)
  const all = [
    ...typed.slice(0, from),
    ...arm,
    ...typed.slice(from),
    checkStep(after, 'before the time is up'),
    keep,
  ]
  return { ...base, blind, steps: all }
}

function stepView({ kind, edits, after, audit }: PlannedStep, onTrial: boolean): PlanViewStep {
  const isTrial = kind === 'enable' && onTrial
  const commands = edits.flatMap((edit) =>
    isTrial && isClusterSwitch(edit)
      ? ['pvesh set /cluster/firewall/options --enable 2']
      : pveshCalls(edit, after.tree),
  )
  const notes = isTrial
    ? [
        'undo  by itself: the API stores the time of the call, and 60 s after it every node reads the firewall as off; ' +
          'the same call again gives another minute',
      ]
    : []
  return {
    title: titleOf(kind, edits, isTrial),
    commands,
    where: null,
    state: stateOf(after, audit),
    notes,
  }
}

function titleOf(kind: PlannedStep['kind'], edits: PlannedStep['edits'], isTrial: boolean): string {
  switch (kind) {
    case 'keep':
      return 'add rules that keep what would be lost'
    case 'enable':
      return isTrial ? 'switch the firewall on for a minute' : 'switch the firewall on'
    default:
      return edits[0]?.asked ?? ''
  }
}

function stateOf(after: NodeFirewall, { entries }: PlannedStep['audit']): PlanState {
  if (!isOn(after)) return { kind: 'off' }
  const count = (status: string): number =>
    entries.filter((entry) => entry.status === status).length
  const of = entries.length
  if (count('lost') > 0) return { kind: 'lost', count: count('lost'), of }
  if (count('unproved') > 0) return { kind: 'unproved', count: count('unproved'), of }
  return { kind: 'proved', count: of - count('lost-before') }
}

const KEEP_ON: PlanViewStep = {
  title: 'only if all of that works, keep it on',
  commands: ['pvesh set /cluster/firewall/options --enable 1'],
  where: null,
  state: null,
  notes: [],
}

/** From outside: SSH and web UI of every node anew; within: whether the cluster still has quorum. */
function checkStep(after: NodeFirewall, when: string): PlanViewStep {
  const commands = after.tree.nodes.flatMap((node) => {
    const address = after.onNode(node)?.tree.hostIp?.value ?? null
    const at = address === null ? node : showAddr(address)
    const inUrl = address?.version === 6 ? `[${at}]` : at
    return [
      `ssh -o ControlPath=none -o ConnectTimeout=5 root@${at} true && echo ${node}: SSH works`,
      `curl -sk -m 5 -o /dev/null https://${inUrl}:8006/ && echo ${node}: web UI works`,
    ]
  })
  const quorum = after.tree.nodes.length > 1 ? ['pvecm status | grep Quorate'] : []
  return {
    title: `check ${when}, in a new session of a machine of yours`,
    commands: [...commands, ...quorum],
    where: null,
    state: null,
    notes: [
      'one that is open shows nothing: connection tracking lets it live on, whatever the rules say',
      ...(quorum.length > 0 ? ['pvecm is for one of the nodes: Quorate must be Yes'] : []),
    ],
  }
}

function backendsOf(firewall: NodeFirewall): readonly string[] {
  return firewall.tree.nodes.map((node) => firewall.onNode(node)?.backend ?? firewall.backend)
}
