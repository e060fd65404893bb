import { type IpAddr, parseAddr, showAddr, widthOf } from '../../ip/address.ts'
import { type Cidr, parseCidr, rangeOf } from '../../ip/prefix.ts'
import { normalise, type RangeSet, subtract } from '../../ip/range-set.ts'
import type { SetMember } from '../../topology/names.ts'
import { deviceToward } from '../../topology/wiring.ts'
import type { NodeFirewall } from '../node-firewall.ts'
import { type Blind, type Need, type Needs, SERVICE, showService } from './need.ts'

/** Machines that administrators sit at, and how that is known. */
export type Admins = {
  /** `+management`, `10.8.0.5 (this session)`. */
  readonly name: string
  readonly why: string
  readonly members: readonly SetMember[]
  /** The one service it is about; left out: all. */
  readonly only?: string
}

const ADMIN_SERVICES = [SERVICE.ssh, SERVICE.web, SERVICE.vnc, SERVICE.spice]

/** SSH, web UI, VNC and SPICE of one node, for all who administer it. */
export function adminNeeds(firewall: NodeFirewall, admins: readonly Admins[]): Needs {
  const needs: Need[] = []
  const blind: Blind[] = []
  const { topology, tree } = firewall
  for (const family of [4, 6] as const) {
    const own = topology.nodeAddresses(tree.node).filter((address) => isUsable(address, family))
    if (own.length === 0) continue
    for (const each of admins)
      for (const { device, ranges, address } of behindDevices(firewall, each.members, family))
        for (const service of ADMIN_SERVICES) {
          if (each.only !== undefined && each.only !== service.id) continue
          needs.push({
            id: `admin/${service.id}`,
            group: 'admin',
            service: showService(service),
            between: `from ${each.name} to ${tree.node}`,
            ...{ why: each.why, span: null, node: tree.node },
            from: {
              place: device === null ? 'outside' : `outside:${device}`,
              address,
              addresses: ranges,
            },
            to: {
              place: 'host',
              address: own[0] as IpAddr,
              addresses: normalise(own.map(({ bits }) => ({ lo: bits, hi: bits }))),
            },
            ...{
              family,
              proto: service.proto,
              ports: service.ports,
              sports: null,
              mutual: false,
              anyPeer: false,
            },
          })
        }
  }
  for (const { name, members } of admins)
    if (members.every(({ nomatch }) => nomatch))
      blind.push({ what: `administration ${name}`, why: 'the set has no address', span: null })
  return { needs, blind }
}

/** Who administers: those the command line names, else the management set and the caller's own session. */
export function adminsOf(
  { topology }: NodeFirewall,
  asked: readonly string[],
  session: string | null,
): { readonly admins: readonly Admins[]; readonly unknown: readonly string[] } {
  const admins: Admins[] = []
  const unknown: string[] = []
  if (asked.length > 0) {
    for (const text of asked) {
      const members = membersOf(topology.names, text)
      if (members === null) unknown.push(text)
      else admins.push({ name: text, why: '--admin', members })
    }
    return { admins, unknown }
  }
  const management = topology.names.set('management', null)
  if (management !== null && management.length > 0)
    admins.push({ name: '+management', why: 'the management set', members: management })
  const client = session === null ? null : parseAddr(session.split(' ')[0] ?? '')
  if (client !== null)
    admins.push({
      name: `${showAddr(client)} (this session)`,
      why: 'SSH_CONNECTION',
      members: [single(client)],
    })
  return { admins, unknown }
}

function membersOf(
  names: NodeFirewall['topology']['names'],
  text: string,
): readonly SetMember[] | null {
  if (text.startsWith('+')) return names.set(text.slice(1), null)
  const cidr = parseCidr(text) ?? names.alias(text, null)
  return cidr === null ? null : [{ cidr, nomatch: false }]
}

function single(address: IpAddr): SetMember {
  return { cidr: { address, prefix: widthOf(address.version) }, nomatch: false }
}

/** Members by the device their packets come in by, so that each part has one way. */
function behindDevices(
  { topology }: NodeFirewall,
  members: readonly SetMember[],
  family: 4 | 6,
): readonly {
  readonly device: string | null
  readonly ranges: RangeSet
  readonly address: IpAddr
}[] {
  const own = members.filter(({ cidr }) => cidr.address.version === family)
  const without = normalise(own.filter(({ nomatch }) => nomatch).map(({ cidr }) => rangeOf(cidr)))
  const parts = new Map<string | null, Cidr[]>()
  for (const { cidr, nomatch } of own) {
    if (nomatch) continue
    const device = topology.wiring.known
      ? (deviceToward(topology.wiring, hostIn(cidr))?.name ?? null)
      : null
    const same = parts.get(device)
    if (same === undefined) parts.set(device, [cidr])
    else same.push(cidr)
  }
  return [...parts].flatMap(([device, cidrs]) => {
    const ranges = subtract(normalise(cidrs.map(rangeOf)), without)
    const [first] = ranges
    if (first === undefined) return []
    const bits = first.hi > first.lo ? first.lo + 1n : first.lo
    return [{ device, ranges, address: { version: family, bits } }]
  })
}

/** An address of a network that a host can have. */
function hostIn(cidr: Cidr): IpAddr {
  const { lo, hi } = rangeOf(cidr)
  return { version: cidr.address.version, bits: hi > lo ? lo + 1n : lo }
}

/** Not an address of the machine to itself, or of one link only. */
export function isUsable({ version, bits }: IpAddr, family: 4 | 6): boolean {
  if (version !== family) return false
  return version === 4 ? bits >> 24n !== 127n : bits !== 1n && bits >> 118n !== 0x3fan
}
