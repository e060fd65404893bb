import type { FwFile } from '../../config/dialect/iptables/model.ts'
import type { Guest, Nic } from '../../config/tree.ts'
import type { Span } from '../../source/source-file.ts'
import { type LogLevel, optionLevel } from './log.ts'
import { flag, type Options, type Switch } from './options.ts'
import { byText } from './order.ts'

/** A NIC of a guest as the firewall names it. */
export type PlannedNic = {
  readonly nic: Nic
  /** `tap105i0`, `veth105i0`. */
  readonly device: string
  /** As iptables gets it, in the spelling of the guest's configuration; made up when there is none. */
  readonly mac: string
}

/** A local guest with a .fw file, with its options as the generator asks for them. */
export type GuestPlan = {
  readonly guest: Guest
  readonly file: FwFile
  /** In string order of their ids, `net10` before `net2`: the order of compilation. */
  readonly nics: readonly PlannedNic[]
  readonly enable: boolean
  readonly macfilter: Switch
  readonly dhcp: Switch
  readonly ndp: Switch
  readonly radv: Switch
  readonly ipfilter: Switch
  readonly ips: Switch
  /** What accepting is in the IN chain: `ACCEPT`, with ips `NFQUEUE ...` (`generate_nfqueue`). */
  readonly accept: string
  readonly logIn: LogLevel
  readonly logOut: LogLevel
}

/**
 * What `random_ether_addr` might give: the default prefix of PVE and an end no generator gives out first.
 * Nothing a guest really has will match it, which is what happens on a node too.
 */
const inventedMac = 'BC:24:11:FF:FF:FF'

/** Guests of a node that have a .fw file: QEMU before LXC, VMIDs sorted as strings. */
export function planGuests(
  guests: readonly Guest[],
  node: string,
  files: ReadonlyMap<number, FwFile>,
): readonly GuestPlan[] {
  const plans = guests.flatMap((guest) => {
    const file = guest.node === node ? files.get(guest.vmid) : undefined
    return file === undefined ? [] : [planGuest(guest, file)]
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

function planGuest(guest: Guest, file: FwFile): GuestPlan {
  const { options } = file
  const ips = flag(options, 'ips', false)
  const nics = guest.nics.map((nic) => planNic(guest, nic))
  return {
    guest,
    file,
    nics: nics.sort((a, b) => byText(a.nic.id, b.nic.id)),
    enable: flag(options, 'enable', false).on,
    macfilter: flag(options, 'macfilter', true),
    dhcp: flag(options, 'dhcp', true),
    ndp: flag(options, 'ndp', true),
    radv: flag(options, 'radv', false),
    ipfilter: flag(options, 'ipfilter', false),
    ips,
    accept: acceptTarget(options, ips),
    logIn: optionLevel(options, 'log_level_in'),
    logOut: optionLevel(options, 'log_level_out'),
  }
}

function planNic(guest: Guest, nic: Nic): PlannedNic {
  const prefix = guest.type === 'qemu' ? 'tap' : 'veth'
  return {
    nic,
    device: `${prefix}${guest.vmid}i${nic.id.slice('net'.length)}`,
    mac: nic.mac?.value ?? inventedMac,
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
