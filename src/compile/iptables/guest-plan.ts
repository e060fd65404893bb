import type { FwFile } from '../../config/dialect/iptables/model.ts'
import type { Guest, Nic, Tree } from '../../config/tree.ts'
import type { RestoreLine } from '../../netfilter/restore.ts'
import type { Span } from '../../source/source-file.ts'
import type { Names } from './address.ts'
import type { Direction } from './failures.ts'
import { generated } from './generated.ts'
import { optionLevel } from './log.ts'
import { flag, type Options, type Switch } from './options.ts'
import { byText } from './order.ts'
import { policyLines } from './policy.ts'
import { type RuleState, ruleStates } from './rule-state.ts'

/** A NIC of a guest as the firewall names it. */
export type PlannedNic = {
  readonly nic: Nic
  /** `tap105i0`, `veth105i0`. */
  readonly device: string
  /** What drops frames with another address in the OUT chains; null without macfilter. */
  readonly macLine: RestoreLine | null
  /** As iptables gets it, in the spelling of the guest's configuration; made up when there is none. */
  readonly mac: string
  readonly chains: Readonly<Record<Direction, PlannedChain>>
}

/** A chain of a NIC, and what of it is the same in both families. */
export type PlannedChain = {
  /** `tap105i0-IN`. */
  readonly name: string
  /** Its jump in the chain that is hooked into all bridges. */
  readonly plug: RestoreLine
  /** Its policy. */
  readonly end: readonly RestoreLine[]
}

/** Accepting in the OUT chains: the packet is yet to pass those of the host or of another guest. */
export const ACCEPT_MARK = '-g PVEFW-SET-ACCEPT-MARK'

/** A local guest with a .fw file, with its options as the generator asks for them. */
export type GuestPlan = {
  readonly guest: Guest
  readonly file: FwFile
  /** In string order of their ids, `net10` before `net2`: the order of compilation. */
  readonly nics: readonly PlannedNic[]
  readonly enable: boolean
  /** The rules each direction has to look at; GROUP rules are in both. */
  readonly rules: Readonly<Record<'IN' | 'OUT', readonly RuleState[]>>
  /** The first line of all its chains. */
  readonly connmark: RestoreLine
  readonly macfilter: Switch
  readonly dhcp: Switch
  readonly ndp: Switch
  readonly radv: Switch
  readonly ipfilter: Switch
  readonly ips: Switch
  /** What accepting is in the IN chain: `ACCEPT`, with ips `NFQUEUE ...` (`generate_nfqueue`). */
  readonly accept: string
}

/**
 * What `random_ether_addr` might give: the default prefix of PVE and an end no generator gives out first.
 * Nothing a guest really has will match it, which is what happens on a node too.
 */
const inventedMac = 'BC:24:11:FF:FF:FF'

/** Guests of a node that have a .fw file: QEMU before LXC, VMIDs sorted as strings. */
export function planGuests(
  { guests, node }: Tree,
  files: ReadonlyMap<number, FwFile>,
  names: Names,
  rateLimit: string,
): readonly GuestPlan[] {
  const plans = guests.flatMap((guest) => {
    const file = guest.node === node ? files.get(guest.vmid) : undefined
    return file === undefined ? [] : [planGuest(guest, file, names, rateLimit)]
  })
  return plans.sort(inOrderOfCompilation)
}

/** The part of an IPS guest's rules that hands packets to user space instead of accepting them. */
function acceptTarget(options: Options, ips: Switch): string {
  if (!ips.on) return 'ACCEPT'
  const queues = /^([0-9]+)(?::([0-9]+))?$/.exec(options.get('ips_queues')?.value ?? '')
  if (queues === null || queues[0] === '0') return 'NFQUEUE --queue-bypass'
  if (queues[2] === undefined) return `NFQUEUE --queue-num ${queues[1]} --queue-bypass`
  return `NFQUEUE --queue-balance ${queues[1]}:${queues[2]} --queue-bypass`
}

function planGuest(guest: Guest, file: FwFile, names: Names, rateLimit: string): GuestPlan {
  const { options } = file
  const { vmid } = guest
  const enable = flag(options, 'enable', false).on
  const rules = enable ? ruleStates(file.rules, names, { file, vmid }, null) : []
  const ips = flag(options, 'ips', false)
  const macfilter = flag(options, 'macfilter', true)
  const accept = acceptTarget(options, ips)
  const nics = guest.nics.map((nic): PlannedNic => {
    const device = `${guest.type === 'qemu' ? 'tap' : 'veth'}${vmid}i${nic.id.slice('net'.length)}`
    const mac = nic.mac?.value ?? inventedMac
    const chain = (direction: Direction, jump: string): PlannedChain =>
      planChain(vmid, nic, device, options, direction, rateLimit, jump)
    return {
      nic,
      device,
      mac,
      macLine: macfilter.on ? macLineOf(nic, mac, macfilter) : null,
      chains: { IN: chain('IN', `-j ${accept}`), OUT: chain('OUT', ACCEPT_MARK) },
    }
  })
  return {
    guest,
    file,
    nics: nics.sort((a, b) => byText(a.nic.id, b.nic.id)),
    enable,
    rules: {
      IN: rules.filter(({ rule: { type } }) => type === 'in' || type === 'group'),
      OUT: rules.filter(({ rule: { type } }) => type === 'out' || type === 'group'),
    },
    connmark: generated(
      `-j CONNMARK --set-mark ${vmid}`,
      'ruleset_create_vm_chain',
      `marks the connection as one of guest ${vmid}`,
    ),
    macfilter,
    dhcp: flag(options, 'dhcp', true),
    ndp: flag(options, 'ndp', true),
    radv: flag(options, 'radv', false),
    ipfilter: flag(options, 'ipfilter', false),
    ips,
    accept,
  }
}

function macLineOf(nic: Nic, mac: string, macfilter: Switch): RestoreLine {
  return generated(
    `-m mac ! --mac-source ${mac} -j DROP`,
    'ruleset_create_vm_chain',
    `MAC filter: frames of ${nic.id} must come from ${mac}`,
    'drop',
    macfilter.span ?? nic.mac?.span ?? null,
  )
}

/** `generate_tap_rules_direction`, but for the rules in between. */
function planChain(
  vmid: number,
  nic: Nic,
  device: string,
  options: Options,
  direction: Direction,
  rateLimit: string,
  accept: string,
): PlannedChain {
  const name = `${device}-${direction}`
  const side = direction === 'IN' ? 'out' : 'in'
  return {
    name,
    plug: generated(
      `-m physdev --physdev-is-bridged --physdev-${side} ${device} -j ${name}`,
      'generate_tap_rules_direction',
      `packets ${direction === 'IN' ? 'to' : 'from'} ${nic.id} of guest ${vmid} go through its chain`,
      null,
      nic.firewallSpan,
    ),
    end: policyLines(rateLimit, {
      chain: name,
      direction,
      vmid,
      options,
      level: optionLevel(options, direction === 'IN' ? 'log_level_in' : 'log_level_out'),
      accept,
    }),
  }
}

function inOrderOfCompilation(a: GuestPlan, b: GuestPlan): number {
  if (a.guest.type !== b.guest.type) return a.guest.type === 'qemu' ? -1 : 1
  return byText(`${a.guest.vmid}`, `${b.guest.vmid}`)
}

/** Where a guest's set for the addresses of a NIC is looked for. */
export function ipfilterSet(nic: Nic): string {
  return `ipfilter-${nic.id}`
}

/** What makes a NIC's addresses filtered, or null: the set in the file, else the option. */
export function ipfilterCause(plan: GuestPlan, nic: Nic): { readonly span: Span | null } | null {
  const set = plan.file.ipsets.get(ipfilterSet(nic))
  if (set !== undefined) return { span: set.span }
  return plan.ipfilter.on ? { span: plan.ipfilter.span } : null
}
