import type { FwRule } from '../../config/dialect/iptables/model.ts'
import type { RestoreLine } from '../../netfilter/restore.ts'
import { type Died, died } from './died.ts'
import type { Direction } from './failures.ts'
import { because, generated } from './generated.ts'
import { addGroupRule, SUBSTITUTE_MARK } from './group.ts'
import {
  ACCEPT_MARK,
  type GuestPlan,
  ipfilterCause,
  ipfilterSet,
  type PlannedNic,
} from './guest-plan.ts'
import { ndpLines } from './ndp.ts'
import { chainOf, createChain, type Pass } from './pass.ts'
import { generateRule } from './rule.ts'
import { isOfFamily, substitute } from './rule-state.ts'
import { setName } from './set-name.ts'

/** The chain hooked into the bridge of every guest, in each direction. */
const PLUG = { IN: 'PVEFW-FWBR-IN', OUT: 'PVEFW-FWBR-OUT' } as const

const dhcpWhy = 'DHCP is allowed before all filters of the guest'
const DHCP = {
  4: {
    IN: generated(
      '-p udp --sport 67 --dport 68 -j ACCEPT',
      'ruleset_create_vm_chain',
      dhcpWhy,
      'accept',
    ),
    OUT: generated(
      `-p udp --sport 68 --dport 67 ${ACCEPT_MARK}`,
      'ruleset_create_vm_chain',
      dhcpWhy,
      'accept',
    ),
  },
  6: {
    IN: generated(
      '-p udp --sport 547 --dport 546 -j ACCEPT',
      'ruleset_create_vm_chain',
      dhcpWhy,
      'accept',
    ),
    OUT: generated(
      `-p udp --sport 546 --dport 547 ${ACCEPT_MARK}`,
      'ruleset_create_vm_chain',
      dhcpWhy,
      'accept',
    ),
  },
} as const

const noRadv = generated(
  '-p icmpv6 --icmpv6-type router-advertisement -j DROP',
  'ruleset_create_vm_chain',
  'guests may not announce themselves as routers unless radv is set',
  'drop',
)

const clearMark = generated(
  '-j MARK --set-mark 0x00000000/0x80000000',
  'ruleset_create_vm_chain',
  'takes the accept mark off before the rules of the guest are asked',
)

const ipsWhy = 'packets of established connections go to the intrusion prevention system too'

/**
 * The chains of all NICs of a guest and what plugs them into the bridge chains. What dies inside ends the
 * guest: a chain that is not plugged in filters nothing, and later NICs get no chains.
 */
export function compileGuest(pass: Pass, plan: GuestPlan): void {
  if (!plan.enable) return
  const { vmid, type } = plan.guest
  const stage = pass.family === 4 ? 'v4' : 'v6'
  for (const [at, planned] of plan.nics.entries()) {
    const { nic } = planned
    if (nic.error !== null) {
      const later = filteredAfter(plan, at)
      pass.failures.push({ kind: 'bad-nic', vmid, type, nic, stage, later })
      if (type === 'lxc') return
      continue
    }
    if (!nic.firewall) continue
    for (const direction of ['IN', 'OUT'] as const) {
      const aborted = compileDirection(pass, plan, planned, direction)
      if (aborted === null) continue
      const { rule, died: why } = aborted
      const later = filteredAfter(plan, at)
      const { family } = pass
      pass.failures.push({
        kind: 'guest-aborted',
        vmid,
        nic: nic.id,
        direction,
        later,
        family,
        rule,
        died: why,
      })
      return
    }
  }
}

/** NICs after this one that have `firewall=1`. */
export function filteredAfter(plan: GuestPlan, at: number): readonly string[] {
  return plan.nics.slice(at + 1).flatMap(({ nic }) => (nic.firewall ? [nic.id] : []))
}

/** Why a guest was given up: the GROUP line it was at (null: before its rules), and what it died of. */
type Aborted = { readonly rule: FwRule | null; readonly died: Died }

/** One chain of one NIC: `generate_tap_rules_direction`. */
function compileDirection(
  pass: Pass,
  plan: GuestPlan,
  planned: PlannedNic,
  direction: Direction,
): Aborted | null {
  const { name: chain, plug, end } = planned.chains[direction]
  const refused = createChain(pass.chains, chain)
  if (refused !== null) return { rule: null, died: died(refused, planned.nic.span) }
  const lines = chainOf(pass.chains, chain)
  addHead(pass, plan, planned, direction, lines)
  const aborted = addRules(pass, plan, planned, direction, chain, lines)
  if (aborted !== null) return aborted
  if (plan.ips.on && direction === 'IN') addIps(pass, plan, planned.device)
  lines.push(...end)
  chainOf(pass.chains, PLUG[direction]).push(plug)
  return null
}

/** What stands before the rules: `ruleset_create_vm_chain`. */
function addHead(
  pass: Pass,
  plan: GuestPlan,
  planned: PlannedNic,
  direction: Direction,
  lines: RestoreLine[],
): void {
  const { family } = pass
  lines.push(plan.connmark)
  if (plan.dhcp.on) lines.push(because(DHCP[family][direction], plan.dhcp.span))
  if (direction === 'OUT') addOutFilters(pass, plan, planned, lines)
  if (family === 4 || !plan.ndp.on) return
  const jump = direction === 'OUT' ? ACCEPT_MARK : `-j ${plan.accept}`
  const withRadv = direction === 'IN' || plan.radv.on
  for (const line of ndpLines(jump, withRadv)) lines.push(because(line, plan.ndp.span))
}

function addOutFilters(
  { family }: Pass,
  plan: GuestPlan,
  { nic, macLine }: PlannedNic,
  lines: RestoreLine[],
): void {
  const { vmid } = plan.guest
  if (macLine !== null) lines.push(macLine)
  if (family === 6 && !plan.radv.on) lines.push(because(noRadv, plan.radv.span))
  const ipfilter = ipfilterCause(plan, nic)
  if (ipfilter !== null) {
    const set = setName(vmid, ipfilterSet(nic), family)
    lines.push(
      generated(
        `-m set ! --match-set ${set} src -j DROP`,
        'ruleset_create_vm_chain',
        `IP filter: packets of ${nic.id} must come from an address in ${ipfilterSet(nic)}`,
        'drop',
        ipfilter.span,
      ),
    )
  }
  lines.push(clearMark)
}

/** The rules of the guest that concern this NIC and direction: `ruleset_generate_vm_rules`. */
function addRules(
  pass: Pass,
  plan: GuestPlan,
  { nic }: PlannedNic,
  direction: Direction,
  chain: string,
  lines: RestoreLine[],
): Aborted | null {
  const { vmid } = plan.guest
  const substitution =
    direction === 'IN' ? { ACCEPT: plan.accept, REJECT: 'PVEFW-reject' } : SUBSTITUTE_MARK
  const groupAccept = direction === 'IN' ? `-j ${plan.accept}` : '-j RETURN'
  for (const state of plan.rules[direction]) {
    const { rule } = state
    if (rule.iface !== null && rule.iface.value !== nic.id) continue
    if (!isOfFamily(rule, pass.family)) continue
    if (rule.type === 'group') {
      const failed = addGroupRule(pass, state, lines, direction, '', groupAccept)
      if (failed !== null) return { rule, died: failed }
      continue
    }
    const quoted = state.action
    substitute(state, substitution)
    const failed = generateRule(pass, state, { chain, lines, iface: '', vmid, quoted })
    if (failed === null) continue
    pass.failures.push({
      kind: 'rule-lost',
      rule,
      nic: nic.id,
      vmid,
      family: pass.family,
      died: failed,
    })
  }
  return null
}

/** PVEFW-IPS, made with the first guest that has ips (`ruleset_generate_vm_ipsrules`). */
function addIps(pass: Pass, plan: GuestPlan, device: string): void {
  const lines = pass.chains.get('PVEFW-IPS') ?? []
  pass.chains.set('PVEFW-IPS', lines)
  lines.push(
    generated(
      `-m physdev --physdev-out ${device} --physdev-is-bridged -j ${plan.accept}`,
      'ruleset_generate_vm_ipsrules',
      ipsWhy,
      'accept',
      plan.ips.span,
    ),
  )
}
