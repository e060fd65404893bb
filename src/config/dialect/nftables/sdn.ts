import { type IpAddr, parseAddr, widthOf } from '../../../ip/address.ts'
import type { Cidr } from '../../../ip/prefix.ts'
import type { SourceFile, Span } from '../../../source/source-file.ts'
import type { AddressItem, NftIpSet, NftSetEntry } from './model.ts'
import { type PropertySchema, parseProperties } from './property-string.ts'
import type { Findings } from './refused.ts'
import {
  isProblem,
  isRecord,
  type JsonRecord,
  type Problem,
  problem,
  refuseNotJson,
  refuseProblem,
  spanOfText,
  typeText,
} from './sdn-json.ts'
import { compareBytes, compareCidrs, parseSubnetName, sdnNameError } from './sdn-names.ts'

type Range = Extract<AddressItem, { readonly kind: 'range' }>
type Subnet = {
  readonly zone: string
  readonly vnet: string
  readonly cidr: Cidr
  readonly gateway: IpAddr | null
  readonly ranges: readonly Range[]
}
type Running = {
  readonly zones: ReadonlySet<string>
  /** Zone by vnet. */
  readonly vnets: ReadonlyMap<string, string>
  readonly subnets: readonly Subnet[]
}

const HELP =
  'apply the SDN configuration again (pvesh set /cluster/sdn); what proxmox-firewall cannot read there must be changed'

/** The four sets of each vnet, sorted by name (sdn/config.rs `SdnConfig::ipsets`). */
export function readSdnSets(
  running: unknown,
  file: SourceFile | null,
  findings: Findings,
): readonly NftIpSet[] {
  if (file === null) return []
  if (running === null) {
    refuseNotJson(file, findings)
    return []
  }
  const config = parseRunning(running)
  const conflict = isProblem(config) ? config : findConflict(config)
  if (isProblem(config) || conflict !== null) {
    if (conflict !== null) refuseProblem(file, conflict, HELP, findings)
    return []
  }
  const byVnet = new Map<string, Subnet[]>([...config.vnets.keys()].map((vnet) => [vnet, []]))
  for (const subnet of config.subnets) byVnet.get(subnet.vnet)?.push(subnet)
  return [...byVnet]
    .flatMap(([vnet, subnets]) => setsOf(vnet, subnets, spanOfText(file, vnet)))
    .sort((a, b) => compareBytes(a.name, b.name))
}

function setsOf(vnet: string, subnets: readonly Subnet[], span: Span): readonly NftIpSet[] {
  const byCidr = subnets.toSorted((a, b) => compareCidrs(a.cidr, b.cidr))
  const entry = (item: AddressItem, nomatch = false): NftSetEntry => ({ nomatch, item, span })
  const network = ({ cidr }: Subnet): NftSetEntry => entry({ kind: 'cidr', cidr })
  const gateway = ({ gateway: address }: Subnet, nomatch: boolean): readonly NftSetEntry[] => {
    if (address === null) return []
    const cidr = { address, prefix: widthOf(address.version) }
    return [entry({ kind: 'cidr', cidr }, nomatch)]
  }
  const named = (suffix: string, entries: readonly NftSetEntry[]): NftIpSet => ({
    name: `${vnet}-${suffix}`,
    span,
    entries,
  })
  return [
    named('all', byCidr.map(network)),
    named(
      'gateway',
      byCidr.flatMap((subnet) => gateway(subnet, false)),
    ),
    named(
      'no-gateway',
      byCidr.flatMap((subnet) => [network(subnet), ...gateway(subnet, true)]),
    ),
    named(
      'dhcp',
      byCidr.flatMap((subnet) => subnet.ranges.map((range) => entry(range))),
    ),
  ]
}

/** What is wrong between zones, vnets and subnets (`TryFrom<RunningConfig>`). */
function findConflict({ zones, vnets, subnets }: Running): Problem | null {
  for (const [vnet, zone] of vnets) {
    if (!zones.has(zone))
      return problem(
        'zone not found',
        vnet,
        `the vnet \`${vnet}\` is in a zone that does not exist`,
      )
  }
  for (const { cidr, gateway, zone, vnet } of subnets) {
    if (gateway !== null && gateway.version !== cidr.address.version)
      return problem(
        'mismatched ip address family for gateway and CIDR',
        vnet,
        'the gateway of a subnet is of another address family than its network',
      )
    if (!zones.has(zone))
      return problem('zone not found', vnet, 'a subnet is in a zone that does not exist')
    if (vnets.get(vnet) !== zone)
      return problem(
        'vnet not found',
        vnet,
        `a subnet names the vnet \`${vnet}\`, which its zone does not have`,
      )
  }
  return null
}

function parseRunning(running: unknown): Running | Problem {
  if (!isRecord(running))
    return problem(
      `invalid type: ${typeText(running)}, expected struct RunningConfig`,
      null,
      'the SDN configuration is no JSON object',
    )
  const zones = idsOf(running, 'zones')
  if (isProblem(zones)) return zones
  const vnets = idsOf(running, 'vnets')
  if (isProblem(vnets)) return vnets
  const subnets = idsOf(running, 'subnets')
  if (isProblem(subnets)) return subnets
  const zoneProblem = zones.map(([name, zone]) => zoneError(name, zone)).find(isProblem)
  if (zoneProblem !== undefined) return zoneProblem
  const vnetZones = vnets.map(([name, vnet]) => vnetZone(name, vnet))
  const vnetProblem = vnetZones.find(isProblem)
  if (vnetProblem !== undefined) return vnetProblem
  const parsed = subnets.map(([name, subnet]) => parseSubnet(name, subnet))
  const subnetProblem = parsed.find(isProblem)
  if (subnetProblem !== undefined) return subnetProblem
  return {
    zones: new Set(zones.map(([name]) => name)),
    vnets: new Map(vnetZones.flatMap((entry) => (isProblem(entry) ? [] : [entry]))),
    subnets: parsed.flatMap((entry) => (isProblem(entry) ? [] : [entry])),
  }
}

/** The objects below `KEY.ids`; a missing or null part is empty. */
function idsOf(
  running: JsonRecord,
  key: string,
): readonly (readonly [name: string, value: JsonRecord])[] | Problem {
  const part = running[key]
  if (part === undefined || part === null) return []
  const ids = isRecord(part) ? part['ids'] : part
  if (ids === undefined) return problem('missing field `ids`', key, `\`${key}\` has no \`ids\``)
  if (!isRecord(ids))
    return problem(`invalid type: ${typeText(ids)}, expected a map`, key, `\`${key}\` is no object`)
  const entries: (readonly [string, JsonRecord])[] = []
  for (const [name, value] of Object.entries(ids)) {
    if (!isRecord(value))
      return problem(
        `invalid type: ${typeText(value)}, expected a map`,
        name,
        `\`${name}\` is no object`,
      )
    entries.push([name, value])
  }
  return entries
}

const DHCP_RANGE: PropertySchema = {
  known: ['start-address', 'end-address'],
  alias: null,
  additional: false,
}

const ZONE_TYPES: ReadonlySet<unknown> = new Set(['simple', 'vlan', 'qinq', 'vxlan', 'evpn'])

function zoneError(name: string, zone: JsonRecord): Problem | null {
  const nameError = sdnNameError(name)
  if (nameError !== null) return problem(nameError, name, `\`${name}\` is no name of a zone`)
  const { type, dhcp } = zone
  if (type === undefined)
    return problem('missing field `type`', name, `the zone \`${name}\` has no type`)
  if (!ZONE_TYPES.has(type))
    return problem(
      'invalid zone type',
      name,
      `the type of the zone \`${name}\` is unknown to proxmox-firewall`,
    )
  if (dhcp !== undefined && dhcp !== null && dhcp !== 'dnsmasq')
    return problem(
      'invalid dhcp type',
      name,
      `the zone \`${name}\` has another \`dhcp\` than dnsmasq`,
    )
  return null
}

function vnetZone(name: string, vnet: JsonRecord): readonly [vnet: string, zone: string] | Problem {
  const nameError = sdnNameError(name)
  if (nameError !== null) return problem(nameError, name, `\`${name}\` is no name of a vnet`)
  const { zone, tag } = vnet
  if (!isOptionalInteger(tag, 2 ** 32 - 1))
    return problem(
      `invalid type: ${typeText(tag)}, expected u32`,
      name,
      `the tag of the vnet \`${name}\` is not a JSON number`,
    )
  if (typeof zone !== 'string')
    return problem('missing field `zone`', name, `the vnet \`${name}\` has no zone`)
  const zoneNameError = sdnNameError(zone)
  return zoneNameError === null
    ? [name, zone]
    : problem(zoneNameError, zone, `\`${zone}\` is no name of a zone`)
}

function parseSubnet(key: string, subnet: JsonRecord): Subnet | Problem {
  const name = parseSubnetName(key)
  if (typeof name === 'string') return problem(name, key, `\`${key}\` is no name of a subnet`)
  const { vnet, gateway, snat } = subnet
  if (typeof vnet !== 'string' || sdnNameError(vnet) !== null)
    return problem('missing field `vnet`', key, `the subnet \`${key}\` names no vnet`)
  if (!isOptionalInteger(snat, 255))
    return problem(
      `invalid type: ${typeText(snat)}, expected u8`,
      key,
      `\`snat\` of the subnet \`${key}\` is not a JSON number`,
    )
  const address = gateway === undefined || gateway === null ? null : parseAddr(String(gateway))
  if (
    gateway !== undefined &&
    gateway !== null &&
    (address === null || typeof gateway !== 'string')
  )
    return problem(
      'invalid IP address syntax',
      key,
      `the gateway of the subnet \`${key}\` is no address`,
    )
  const ranges = parseRanges(key, subnet['dhcp-range'])
  return isProblem(ranges) ? ranges : { ...name, vnet, gateway: address, ranges }
}

function parseRanges(key: string, value: unknown): readonly Range[] | Problem {
  if (value === undefined || value === null) return []
  const bad = (error: string): Problem =>
    problem(error, key, `a dhcp-range of the subnet \`${key}\` cannot be read`)
  if (!Array.isArray(value)) return bad(`invalid type: ${typeText(value)}, expected a sequence`)
  const ranges: Range[] = []
  for (const text of value) {
    if (typeof text !== 'string') return bad(`invalid type: ${typeText(text)}, expected a string`)
    const values = parseProperties(text, DHCP_RANGE)
    const lo = parseAddr(values?.get('start-address') ?? '')
    const hi = parseAddr(values?.get('end-address') ?? '')
    if (values === null || values.size !== 2 || lo === null || hi === null)
      return bad('invalid IP address syntax')
    if (lo.version !== hi.version) return bad('invalid dhcp range: mismatched ip address families')
    if (lo.bits > hi.bits) return bad('invalid dhcp range: start is greater than last')
    ranges.push({ kind: 'range', lo, hi })
  }
  return ranges
}

function isOptionalInteger(value: unknown, max: number): boolean {
  if (value === undefined || value === null) return true
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max
}
