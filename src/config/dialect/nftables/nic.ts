import type { Cidr } from '../../../ip/prefix.ts'
import { parseCidr } from './address.ts'
import type { NftNic } from './model.ts'
import { parseFlag } from './options.ts'
import { type PropertySchema, parseProperties } from './property-string.ts'

export type ParsedNic = Omit<NftNic, 'index' | 'span'>

/** `NetworkDeviceModel::from_str`: the real program does not mind a container's type on a VM's NIC. */
const MODELS: ReadonlySet<string> = new Set(['virtio', 'veth', 'e1000', 'vmxnet3', 'rtl8139'])

/** A VM's model may stand as key, with the MAC address as value. */
const QEMU: PropertySchema = {
  known: ['model', 'macaddr', 'firewall'],
  alias: {
    names: new Set(['e1000', 'rtl8139', 'virtio', 'vmxnet3']),
    keyTo: 'model',
    valueTo: 'macaddr',
  },
  additional: true,
}
const LXC: PropertySchema = {
  known: ['type', 'hwaddr', 'firewall', 'ip', 'ip6'],
  alias: null,
  additional: true,
}

/**
 * The value of a netN line: tried as QEMU's, then as LXC's, whatever the guest is
 * (`NetworkDevice::from_str`); null when it is neither. Other properties do not matter.
 */
export function parseNic(text: string): ParsedNic | null {
  return parseQemu(text) ?? parseLxc(text)
}

function parseQemu(text: string): ParsedNic | null {
  const values = parseProperties(text, QEMU)
  const common = values === null ? null : commonPart(values, 'model', 'macaddr')
  return common === null ? null : { ...common, ip: null, ip6: null }
}

function parseLxc(text: string): ParsedNic | null {
  const values = parseProperties(text, LXC)
  const common = values === null ? null : commonPart(values, 'type', 'hwaddr')
  if (values === null || common === null) return null
  const ip = parseIp(values.get('ip') ?? '', 4)
  const ip6 = parseIp(values.get('ip6') ?? '', 6)
  return ip === undefined || ip6 === undefined ? null : { ...common, ip, ip6 }
}

function commonPart(
  values: ReadonlyMap<string, string>,
  modelKey: string,
  macKey: string,
): Pick<ParsedNic, 'mac' | 'firewall'> | null {
  const model = values.get(modelKey)
  const mac = parseMac(values.get(macKey))
  const written = values.get('firewall') ?? ''
  const firewall = written === '' ? false : parseFlag(written)
  if (model === undefined || !MODELS.has(model) || mac === null || firewall === null) return null
  return { mac, firewall }
}

/** Null: none, or not a fixed one; undefined: an error. */
function parseIp(text: string, version: 4 | 6): Cidr | null | undefined {
  if (text === '' || text === 'dhcp' || text === 'manual') return null
  if (version === 6 && text === 'auto') return null
  const cidr = parseCidr(text)
  return typeof cidr === 'string' || cidr.address.version !== version ? undefined : cidr
}

/** Six hexadecimal bytes between colons, in upper case with two digits each (`MacAddress`). */
export function parseMac(text: string | undefined): string | null {
  const groups = text?.split(':') ?? []
  if (groups.length !== 6) return null
  const bytes = groups.map((group) => /^\+?0*([0-9a-f]{1,2})$/i.exec(group)?.[1])
  if (!bytes.every((byte) => byte !== undefined)) return null
  return bytes.map((byte) => byte.toUpperCase().padStart(2, '0')).join(':')
}
