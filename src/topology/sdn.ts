import type { Sdn } from '../config/tree.ts'
import { parseAddr } from '../ip/address.ts'
import { type Cidr, parseCidr } from '../ip/prefix.ts'

/** A vnet of the SDN: on every node a bridge of that name. */
export type Vnet = {
  readonly name: string
  readonly zone: string
  /** `simple`, `vlan`, `qinq`, `vxlan`, `evpn`; other texts as they stand. */
  readonly zoneType: string
  /** The bridge a vlan or qinq zone is on. */
  readonly zoneBridge: string | null
  readonly tag: number | null
  readonly vlanAware: boolean
  /** Gateway addresses the node itself holds on the vnet: of simple and evpn zones only. */
  readonly gateways: readonly Cidr[]
}

/** An address the IPAM of the SDN has given out. */
export type IpamEntry = {
  readonly zone: string
  readonly address: Cidr
  readonly vmid: number | null
  /** Lower case; null when the entry has none. */
  readonly mac: string | null
}

/** The vnets of `.running-config`. Anything that is not as Proxmox writes it is left out. */
export function vnetsOf(sdn: Sdn | null): readonly Vnet[] {
  const running = record(sdn?.running)
  const zones = ids(running['zones'])
  const gateways = gatewaysByVnet(ids(running['subnets']))
  return Object.entries(ids(running['vnets'])).map(([name, value]) => {
    const vnet = record(value)
    const zone = text(vnet['zone']) ?? ''
    const { type, bridge } = record(zones[zone])
    const zoneType = text(type) ?? ''
    const routes = zoneType === 'simple' || zoneType === 'evpn'
    return {
      name,
      zone,
      zoneType,
      zoneBridge: text(bridge),
      tag: wholeNumber(vnet['tag']),
      vlanAware: wholeNumber(vnet['vlanaware']) === 1,
      gateways: routes ? (gateways.get(name) ?? []) : [],
    }
  })
}

/** Every address in the IPAM state: `{"zones":{Z:{"subnets":{CIDR:{"ips":{IP:{"vmid","mac",...}}}}}}}`. */
export function ipamEntries(sdn: Sdn | null): readonly IpamEntry[] {
  const entries: IpamEntry[] = []
  for (const [zone, state] of Object.entries(record(record(sdn?.ipam)['zones'])))
    for (const [subnet, { ips }] of Object.entries(record(record(state)['subnets'])).map(
      ([cidr, value]) => [cidr, record(value)] as const,
    ))
      for (const [ip, value] of Object.entries(record(ips))) {
        const entry = record(value)
        const address = parseCidr(`${ip}/${subnet.split('/')[1] ?? ''}`) ?? parseCidr(ip)
        if (address === null || entry['gateway'] !== undefined) continue
        const mac = text(entry['mac'])?.toLowerCase() ?? null
        entries.push({ zone, address, vmid: wholeNumber(entry['vmid']), mac })
      }
  return entries
}

function gatewaysByVnet(
  subnets: Readonly<Record<string, unknown>>,
): ReadonlyMap<string, readonly Cidr[]> {
  const result = new Map<string, Cidr[]>()
  for (const [id, value] of Object.entries(subnets)) {
    const subnet = record(value)
    const vnet = text(subnet['vnet'])
    const gateway = text(subnet['gateway']) ?? ''
    // A subnet's id is `<zone>-<network>-<length>`.
    const length = /-(\d{1,3})$/.exec(id)?.[1]
    const cidr = parseAddr(gateway) === null ? null : parseCidr(`${gateway}/${length ?? ''}`)
    if (vnet === null || cidr === null) continue
    const same = result.get(vnet)
    if (same === undefined) result.set(vnet, [cidr])
    else same.push(cidr)
  }
  return result
}

function ids(section: unknown): Readonly<Record<string, unknown>> {
  return record(record(section)['ids'])
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {}
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

/** Perl's JSON writes numbers as texts where they were read from a file. */
function wholeNumber(value: unknown): number | null {
  const number = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : null
}
