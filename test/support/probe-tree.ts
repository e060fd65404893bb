import { readFileSync } from 'node:fs'
import { parseGuestConf } from '../../src/config/guest-conf.ts'
import {
  builtInEthertypes,
  builtInProtocols,
  builtInServices,
} from '../../src/config/name-service.ts'
import type { Guest, Interface, Tree } from '../../src/config/tree.ts'
import { parseAddr } from '../../src/ip/address.ts'
import { parseCidr } from '../../src/ip/prefix.ts'
import { type SourceFile, sourceFile } from '../../src/source/source-file.ts'

/** Files by the name pve-firewall shows (`cluster.fw`, `host.fw`, `100.fw`), guests by type and VMID. */
export type ProbeInput = {
  readonly files: Readonly<Record<string, string>>
  readonly guests?: {
    readonly qemu?: Readonly<Record<string, Readonly<Record<string, string>>>>
    readonly lxc?: Readonly<Record<string, Readonly<Record<string, string>>>>
  }
  readonly facts?: {
    readonly node?: string
    readonly host_ip?: string
    readonly local_network?: string
    readonly altnames?: Readonly<Record<string, string>>
  }
}

/** A recorded probe of the corpus: what went in, and what pve-firewall made of it. */
export type Probe = ProbeInput & {
  readonly iptables: {
    readonly warnings: readonly string[]
    readonly error?: string | null
    readonly filter4?: Readonly<Record<string, readonly string[]>>
    readonly filter6?: Readonly<Record<string, readonly string[]>>
    readonly raw4?: Readonly<Record<string, readonly string[]>>
    readonly raw6?: Readonly<Record<string, readonly string[]>>
    readonly ipsets?: Readonly<Record<string, readonly string[]>>
    readonly ebtables?: Readonly<Record<string, readonly string[]>>
  }
}

/** Reads a file of `corpus/probes`. */
export function readProbe(path: string): Probe {
  return JSON.parse(readFileSync(path, 'utf8')) as Probe
}

/** The tree a probe describes, made in memory: no files are written. Texts may hold any characters. */
export function probeTree({ files, guests = {}, facts = {} }: ProbeInput): Tree {
  const node = facts.node ?? 'pve1'
  const fw = (name: string, path: string): SourceFile | null => {
    const text = files[name]
    return text === undefined ? null : sourceFile(path, bytes(text))
  }
  const guestFw = Object.keys(files).flatMap((name) => {
    const vmid = /^(\d+)\.fw$/.exec(name)?.[1]
    const file = fw(name, `etc/pve/firewall/${name}`)
    return vmid === undefined || file === null ? [] : ([[Number(vmid), file]] as const)
  })
  const address = parseAddr(facts.host_ip ?? '10.0.0.1')
  const localNetwork = parseCidr(facts.local_network ?? '10.0.0.0/24')
  return {
    root: '/',
    layout: 'node',
    nodes: [node],
    node,
    clusterFw: fw('cluster.fw', 'etc/pve/firewall/cluster.fw'),
    hostFw: fw('host.fw', `etc/pve/nodes/${node}/host.fw`),
    guests: [
      ...Object.entries(guests.qemu ?? {}).map((entry) => guest('qemu', entry, node)),
      ...Object.entries(guests.lxc ?? {}).map((entry) => guest('lxc', entry, node)),
    ].sort((a, b) => a.vmid - b.vmid),
    guestFw: new Map(guestFw),
    vnetFw: new Map(),
    network: { interfaces: interfaces(facts.altnames ?? {}), known: true },
    networkOf: node,
    hosts: [],
    corosync: null,
    sdn: null,
    storage: null,
    datacenter: null,
    services: builtInServices(),
    protocols: builtInProtocols(),
    ethertypes: builtInEthertypes(),
    hostIp: address === null ? null : { value: address, from: 'probe', span: null },
    localNetwork: localNetwork === null ? null : { value: localNetwork, from: 'probe', span: null },
    diagnostics: [],
  }
}

/** Text as a byte string: UTF-8 bytes, unless it is bytes already. */
function bytes(text: string): string {
  return /[^\0-\xff]/.test(text) ? Buffer.from(text).toString('latin1') : text
}

function guest(
  type: Guest['type'],
  [vmid, config]: readonly [string, Readonly<Record<string, string>>],
  node: string,
): Guest {
  const folder = type === 'qemu' ? 'qemu-server' : 'lxc'
  const text = Object.entries(config).map(([key, value]) => `${key}: ${value}\n`)
  const conf = sourceFile(`etc/pve/nodes/${node}/${folder}/${vmid}.conf`, text.join(''))
  return parseGuestConf(conf, { vmid: Number(vmid), type, node }).value
}

function interfaces(altnames: Readonly<Record<string, string>>): readonly Interface[] {
  const file = sourceFile('etc/network/interfaces', '')
  return Object.entries(altnames).map(([altname, name]) => ({
    name,
    kind: 'other',
    addresses: [],
    gateways: [],
    dynamic: false,
    ports: [],
    vlanAware: false,
    altnames: [altname],
    span: { file, start: 0, end: 0 },
  }))
}
