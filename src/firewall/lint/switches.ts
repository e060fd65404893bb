import type { FwFile } from '../../config/dialect/iptables/model.ts'
import { readIptables } from '../../config/dialect/iptables/read.ts'
import { type Diagnostic, diagnostic } from '../../source/diagnostic.ts'
import type { NodeFirewall } from '../node-firewall.ts'

/** Rules that a switch keeps from doing anything: of the cluster, a host, a guest, a NIC; and rules that are off. */
export function switchedOff({ tree }: NodeFirewall): readonly Diagnostic[] {
  const { cluster, host, guests } = readIptables(tree)
  const found: Diagnostic[] = []
  const all = [cluster, host, ...guests.values()].filter((file) => file !== null)
  for (const file of all) found.push(...disabledRules(file))
  const enabled = isOn(cluster, false)
  if (!enabled && all.some(hasRules))
    found.push(
      diagnostic(
        'warning',
        'lint/cluster-off',
        cluster?.options.get('enable')?.span ?? firstRule(cluster),
        'no rule has an effect: the firewall of the cluster is off',
        {
          help: 'write `enable: 1` below [OPTIONS] of cluster.fw; first look at `pvefw audit lockout`',
        },
      ),
    )
  if (host !== null && hasRules(host) && !isOn(host, true))
    found.push(
      diagnostic(
        'warning',
        'lint/host-off',
        host.options.get('enable')?.span ?? firstRule(host),
        `the rules for ${tree.node} have no effect: its host firewall is off`,
        { help: 'write `enable: 1` below [OPTIONS] of host.fw' },
      ),
    )
  for (const [vmid, file] of guests) {
    if (!hasRules(file)) continue
    if (!isOn(file, false)) {
      found.push(
        diagnostic(
          'warning',
          'lint/guest-off',
          file.options.get('enable')?.span ?? firstRule(file),
          `the rules of guest ${vmid} have no effect: its firewall is off`,
          { help: `write \`enable: 1\` below [OPTIONS] of ${vmid}.fw` },
        ),
      )
      continue
    }
    for (const { id, firewall, firewallSpan, span } of tree.guests.find(
      (guest) => guest.vmid === vmid,
    )?.nics ?? [])
      if (!firewall)
        found.push(
          diagnostic(
            'warning',
            'lint/nic-off',
            firewallSpan ?? span,
            `packets of ${id} pass no rule: the firewall of this NIC is off`,
            { help: `write \`firewall=1\` in the line of ${id}` },
          ),
        )
  }
  return found
}

function disabledRules(file: FwFile): readonly Diagnostic[] {
  const own = [...file.rules, ...[...file.groups.values()].flatMap(({ rules }) => rules)]
  return own
    .filter(({ enabled }) => !enabled)
    .map(({ span }) =>
      diagnostic('note', 'lint/disabled-rule', span, 'this rule is switched off (`|`)', {
        help: 'delete it if it is not needed any more',
      }),
    )
}

function isOn(file: FwFile | null, byDefault: boolean): boolean {
  const value = file?.options.get('enable')?.value
  return value === undefined ? byDefault : Number(value) > 0
}

function hasRules({ rules }: FwFile): boolean {
  return rules.some(({ enabled }) => enabled)
}

function firstRule(file: FwFile | null): FwFile['rules'][number]['span'] | null {
  return file?.rules[0]?.span ?? null
}
