import { parseAddr } from '../ip/address.ts'
import type { Property, PropertySchema } from './property-string.ts'

/** qemu-server src/PVE/QemuServer/Network.pm `$nic_model_list`. */
const MODELS = [
  'e1000',
  'e1000-82540em',
  'e1000-82544gc',
  'e1000-82545em',
  'e1000e',
  'i82551',
  'i82557b',
  'i82559er',
  'ne2k_isa',
  'ne2k_pci',
  'pcnet',
  'rtl8139',
  'virtio',
  'vmxnet3',
]

/** Value of `netN` in a VM's config: Network.pm `$net_fmt`. */
export const QEMU_NET: PropertySchema = {
  properties: new Map<string, Property>([
    ['macaddr', { type: 'string', optional: true, format: notMac }],
    ['model', { type: 'string', optional: false, values: MODELS }],
    ['bridge', { type: 'string', optional: true, format: notBridge }],
    ['queues', { type: 'integer', optional: true, minimum: 0, maximum: 64 }],
    ['rate', { type: 'number', optional: true, minimum: 0 }],
    ['tag', { type: 'integer', optional: true, minimum: 1, maximum: 4094 }],
    ['trunks', { type: 'string', optional: true, pattern: /^\d+(?:-\d+)?(?:;\d+(?:-\d+)?)*$/ }],
    ['firewall', { type: 'boolean', optional: true }],
    ['link_down', { type: 'boolean', optional: true }],
    ['mtu', { type: 'integer', optional: true, minimum: 1, maximum: 65520 }],
    ['host-tunnel', { type: 'boolean', optional: true }],
  ]),
  defaultKey: 'model',
  alias: { names: new Set(MODELS), keyTo: 'model', valueTo: 'macaddr' },
}

/** Value of `ipconfigN` (cloud-init): Network.pm `$ipconfig_fmt`. */
export const QEMU_IPCONFIG: PropertySchema = {
  properties: new Map<string, Property>([
    ['ip', { type: 'string', optional: true, format: notIpv4Config }],
    ['gw', { type: 'string', optional: true, format: notIpv4, requires: 'ip' }],
    ['ip6', { type: 'string', optional: true, format: notIpv6Config }],
    ['gw6', { type: 'string', optional: true, format: notIpv6, requires: 'ip6' }],
  ]),
  defaultKey: null,
  alias: null,
}

/** Value of `netN` in a container's config: pve-container src/PVE/LXC/Config.pm `$netconf_desc`. */
export const LXC_NET: PropertySchema = {
  properties: new Map<string, Property>([
    ['type', { type: 'string', optional: true, values: ['veth'] }],
    ['name', { type: 'string', optional: false, pattern: /^[-_.A-Za-z0-9]+$/ }],
    ['bridge', { type: 'string', optional: true, pattern: /^[-_.A-Za-z0-9]+$/ }],
    ['hwaddr', { type: 'string', optional: true, format: notMac }],
    ['mtu', { type: 'integer', optional: true, minimum: 64, maximum: 65535 }],
    ['ip', { type: 'string', optional: true, format: notIpv4Config }],
    ['gw', { type: 'string', optional: true, format: notIpv4 }],
    ['ip6', { type: 'string', optional: true, format: notIpv6Config }],
    ['gw6', { type: 'string', optional: true, format: notIpv6 }],
    ['firewall', { type: 'boolean', optional: true }],
    ['tag', { type: 'integer', optional: true, minimum: 1, maximum: 4094 }],
    ['trunks', { type: 'string', optional: true, pattern: /^\d+(?:;\d+)*$/ }],
    ['rate', { type: 'number', optional: true }],
    ['link_down', { type: 'boolean', optional: true }],
    ['host-managed', { type: 'boolean', optional: true }],
  ]),
  defaultKey: null,
  alias: null,
}

// The formats of pve-common src/PVE/JSONSchema.pm, with the words it refuses a value with.

function notMac(value: string): string | null {
  if (/^[a-f0-9][02468ace](?::[a-f0-9]{2}){5}$/i.test(value)) return null
  return 'value does not look like a valid unicast MAC address'
}

function notBridge(value: string): string | null {
  return /^[-_.A-Za-z0-9]+$/.test(value) ? null : `invalid bridge ID '${value}'`
}

function notIpv4(value: string): string | null {
  if (parseAddr(value)?.version === 4) return null
  return 'value does not look like a valid IPv4 address'
}

function notIpv6(value: string): string | null {
  if (parseAddr(value)?.version === 6) return null
  return 'value does not look like a valid IPv6 address'
}

function notIpv4Config(value: string): string | null {
  if (value === 'dhcp' || value === 'manual' || isCidr(value, 4)) return null
  return 'value does not look like a valid ipv4 network configuration'
}

function notIpv6Config(value: string): string | null {
  if (value === 'auto' || value === 'dhcp' || value === 'manual' || isCidr(value, 6)) return null
  return 'value does not look like a valid ipv6 network configuration'
}

/** `pve_verify_cidrv4`, `pve_verify_cidrv6`: the length must be written and longer than seven bits. */
function isCidr(value: string, version: 4 | 6): boolean {
  const slash = value.indexOf('/')
  if (slash === -1 || parseAddr(value.slice(0, slash))?.version !== version) return false
  const length = value.slice(slash + 1)
  return /^\d+$/.test(length) && Number(length) > 7 && Number(length) <= (version === 4 ? 32 : 128)
}
