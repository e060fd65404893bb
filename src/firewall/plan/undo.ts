import type { Tree } from '../../config/tree.ts'
import type { Edit, EditTarget } from '../../edit/edit.ts'
import { pathOf } from '../../edit/files.ts'
import { pveshCalls, quoted } from '../../edit/pvesh-text.ts'
import type { PlanViewStep } from '../../render/plan-view.ts'
import type { NodeFirewall } from '../node-firewall.ts'

/** Where copies are kept while the timer runs. */
const BEFORE = '/root/pvefw'
const MINUTES = 5

/**
 * What takes the edits back by itself unless it is stopped: files are put back, and where that cannot be done (pmxcfs is
 * read-only without quorum) the node's firewall is stopped, which needs nobody else.
 */
export function timerSteps(
  today: NodeFirewall,
  after: NodeFirewall,
  edits: readonly Edit[],
): { readonly arm: readonly PlanViewStep[]; readonly keep: PlanViewStep } {
  const { tree } = today
  const files = [
    ...new Map(edits.filter(isFile).map(({ target }) => [pathOf(tree, target), target])).entries(),
  ]
  const saves = files
    .filter(([, target]) => exists(today, target))
    .map(([path]) => `cp ${onNode(path)} ${copyOf(path)}`)
  const back = [
    ...files.map(([path, target]) =>
      exists(today, target) ? `cp ${copyOf(path)} ${onNode(path)}` : `rm -f ${onNode(path)}`,
    ),
    ...edits.filter((edit) => !isFile(edit)).flatMap((edit) => pveshCalls(edit, tree)),
  ]
  const nodes = affected(tree, edits)
  const arm = (['iptables', 'nftables'] as const).flatMap((backend): readonly PlanViewStep[] => {
    const own = nodes.filter((node) => (after.onNode(node)?.backend ?? after.backend) === backend)
    if (own.length === 0) return []
    const stop = backend === 'iptables' ? 'pve-firewall stop' : 'systemctl stop proxmox-firewall'
    const undo = `${back.join(' && ')} || ${stop}`
    return [
      {
        title: `have everything taken back after ${MINUTES} minutes`,
        where: `on ${own.join(' and on ')}`,
        commands: [
          [`mkdir -p ${BEFORE}`, ...saves].join(' && '),
          `systemd-run --unit=pvefw-undo --on-active=${MINUTES}min /bin/sh -c ${quoted(undo)}`,
        ],
        state: null,
        notes: [
          `undo  what was saved is put back; where /etc/pve cannot be written (no quorum), ${stop} opens the node instead`,
        ],
      },
    ]
  })
  const keep: PlanViewStep = {
    title: 'only if all of that works, keep it',
    where: `on ${nodes.join(' and on ')}`,
    commands: ['systemctl stop pvefw-undo.timer'],
    state: null,
    notes: [],
  }
  return { arm, keep }
}

function isFile({ change }: Edit): boolean {
  return change.kind !== 'nic'
}

function exists(today: NodeFirewall, target: EditTarget): boolean {
  const { tree } = today
  switch (target.kind) {
    case 'cluster':
      return tree.clusterFw !== null
    case 'host':
      return (today.onNode(target.node ?? tree.node)?.tree.hostFw ?? null) !== null
    case 'guest':
      return tree.guestFw.has(target.vmid)
    default:
      return tree.vnetFw.has(target.name)
  }
}

/** The file on the node itself, whatever was copied from it. */
function onNode(path: string): string {
  return `/etc/pve/${path.replace(/^etc\/pve\//, '')}`
}

function copyOf(path: string): string {
  return `${BEFORE}/${path.replace(/^etc\/pve\//, '').replaceAll('/', '-')}`
}

/** Nodes whose rules an edit changes. */
function affected({ nodes, node, guests }: Tree, edits: readonly Edit[]): readonly string[] {
  const own = new Set(
    edits.flatMap(({ target }) => {
      if (target.kind === 'host') return [target.node ?? node]
      if (target.kind === 'guest')
        return guests.filter(({ vmid }) => vmid === target.vmid).map((guest) => guest.node)
      return nodes
    }),
  )
  return nodes.filter((name) => own.has(name))
}
