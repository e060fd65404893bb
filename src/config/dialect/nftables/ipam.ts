import { type IpAddr, parseAddr, showAddr, widthOf } from '../../../ip/address.ts'
import { type Cidr, rangeOf } from '../../../ip/prefix.ts'
import type { SourceFile } from '../../../source/source-file.ts'
import { parseCidr } from './address.ts'
import type { NftIpSet, NftSetEntry } from './model.ts'
import { parseMac } from './nic.ts'
import { parseUnsigned } from './numbers.ts'
import type { Findings } from './refused.ts'
import {
  isProblem,
  isRecord,
  type Problem,
  problem,
  refuseNotJson,
  refuseProblem,
  spanOfText,
  typeText,
} from './sdn-json.ts'
import { compareBytes, compareCidrs, sdnNameError } from './sdn-names.ts'

/** An address a guest holds. */
type Lease = {
  readonly zone: string
  readonly cidr: Cidr
  readonly address: IpAddr
  readonly vmid: number
}

const HELP = 'correct the entry in the IPAM, or remove it there'
const NO_KIND = 'data did not match any variant of untagged enum IpamJsonData'

/** A set `guest-ipam-VMID` for each guest with an address, sorted by name (sdn/ipam.rs `Ipam::ipsets`). */
export function readIpamSets(
  state: unknown,
  file: SourceFile | null,
  findings: Findings,
): readonly NftIpSet[] {
  if (file === null) return []
  if (state === null) {
    refuseNotJson(file, findings)
    return []
  }
  const leases = readLeases(state)
  if (isProblem(leases)) {
    refuseProblem(file, leases, HELP, findings)
    return []
  }
  const byGuest = new Map<number, NftSetEntry[]>()
  for (const { vmid, address } of leases.toSorted(compareLeases)) {
    const cidr = { address, prefix: widthOf(address.version) }
    const span = spanOfText(file, showAddr(address))
    const entries = byGuest.get(vmid) ?? []
    entries.push({ nomatch: false, item: { kind: 'cidr', cidr }, span })
    byGuest.set(vmid, entries)
  }
  return [...byGuest]
    .map(([vmid, entries]) => {
      const span = spanOfText(file, String(vmid))
      return { name: `guest-ipam-${vmid}`, span, entries }
    })
    .sort((a, b) => compareBytes(a.name, b.name))
}

function readLeases(state: unknown): readonly Lease[] | Problem {
  const zones = isRecord(state) ? state['zones'] : undefined
  if (!isRecord(zones))
    return problem('missing field `zones`', null, 'the IPAM state has no `zones`')
  const leases: Lease[] = []
  for (const [zone, content] of Object.entries(zones)) {
    const nameError = sdnNameError(zone)
    if (nameError !== null) return problem(nameError, zone, `\`${zone}\` is no name of a zone`)
    const subnets = isRecord(content) ? content['subnets'] : undefined
    if (!isRecord(subnets))
      return problem('missing field `subnets`', zone, `the zone \`${zone}\` has no \`subnets\``)
    for (const [text, subnet] of Object.entries(subnets)) {
      const own = readSubnet(zone, text, subnet)
      if (isProblem(own)) return own
      leases.push(...own)
    }
  }
  return leases
}

function readSubnet(zone: string, text: string, subnet: unknown): readonly Lease[] | Problem {
  const cidr = parseCidr(text)
  if (typeof cidr === 'string') return problem(cidr, text, `\`${text}\` is no network`)
  const ips = isRecord(subnet) ? subnet['ips'] : undefined
  if (!isRecord(ips))
    return problem('missing field `ips`', text, `the subnet \`${text}\` has no \`ips\``)
  const leases: Lease[] = []
  for (const [key, entry] of Object.entries(ips)) {
    const address = parseAddr(key)
    if (address === null)
      return problem('invalid IP address syntax', key, `\`${key}\` is no address`)
    const holder = holderOf(entry)
    if (holder === null)
      return problem(
        NO_KIND,
        key,
        `the entry of \`${key}\` is neither a guest's nor a gateway's nor has it a MAC address (${typeText(entry)})`,
      )
    // The error type of the real program prints nothing.
    if (!containsAddress(cidr, address))
      return problem('', key, `\`${key}\` is not in its subnet \`${text}\``)
    if (holder.vmid !== null) leases.push({ zone, cidr, address, vmid: holder.vmid })
  }
  return leases
}

/**
 * Who holds an address: a guest (a vmid as string and a MAC address), the gateway or somebody else; null when
 * the entry is none of these. A vmid as number silently makes it somebody else's (`IpamJsonData`, untagged).
 */
function holderOf(entry: unknown): { readonly vmid: number | null } | null {
  if (!isRecord(entry)) return null
  const { vmid, mac, gateway, hostname } = entry
  const hasMac = typeof mac === 'string' && parseMac(mac) !== null
  const named = hostname === undefined || hostname === null || typeof hostname === 'string'
  const number = typeof vmid === 'string' ? parseUnsigned(vmid, 2 ** 32 - 1) : null
  if (number !== null && hasMac && named) return { vmid: number }
  const isGateway =
    typeof gateway === 'number' && Number.isInteger(gateway) && gateway >= 0 && gateway <= 255
  return isGateway || hasMac ? { vmid: null } : null
}

/** `Cidr::contains_address`: across families an IPv4 address is its IPv4-mapped one. */
function containsAddress(cidr: Cidr, address: IpAddr): boolean {
  const network = rangeOf(cidr)
  const offset = cidr.address.version === 4 ? MAPPED : 0n
  const bits = address.version === 4 ? address.bits | MAPPED : address.bits
  return bits >= (network.lo | offset) && bits <= (network.hi | offset)
}

const MAPPED = 0xffff_0000_0000n

function compareLeases(a: Lease, b: Lease): number {
  return (
    compareBytes(a.zone, b.zone) ||
    compareCidrs(a.cidr, b.cidr) ||
    compareCidrs({ address: a.address, prefix: 0 }, { address: b.address, prefix: 0 })
  )
}
