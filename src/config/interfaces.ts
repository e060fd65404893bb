import { type IpAddr, parseAddr } from '../ip/address.ts'
import { type Cidr, parseCidr } from '../ip/prefix.ts'
import { type Diagnostic, diagnostic, type Parsed } from '../source/diagnostic.ts'
import { type Located, quote, type SourceFile } from '../source/source-file.ts'
import { type Option, readStanzas, type Sources, type Stanza } from './interface-stanzas.ts'
import { openReport, type Report } from './report.ts'
import type { Interface, Network } from './tree.ts'
import type { Word } from './words.ts'

/** The network with the families some interface gets its address for from outside (DHCP, autoconfiguration). */
export type ReadNetwork = { readonly network: Network; readonly dynamic: ReadonlySet<4 | 6> }

/** Written by the SDN when it is applied; `source /etc/network/interfaces.d/*` is Proxmox's default. */
const SDN_INTERFACES = 'etc/network/interfaces.d/sdn'

/**
 * Reads /etc/network/interfaces and all it sources, as ifupdown2 does: stanzas of one name add up, `-` and
 * `_` in option names are the same, `eth0:1` is another address of `eth0`.
 */
export function parseInterfaces(file: SourceFile, sources: Sources): Parsed<ReadNetwork> {
  const main = readStanzas(file, sources)
  const sdn = main.paths.has(SDN_INTERFACES) ? null : sources.read(SDN_INTERFACES)
  const stanzas =
    sdn === null ? main.stanzas : main.stanzas.concat(readStanzas(sdn, sources).stanzas)
  const report = openReport(`\`${file.path}\``)
  if (sdn !== null) report.add('config/sdn-not-sourced', () => sdnNotSourced(sdn))
  const byName = new Map<string, Stanza[]>()
  for (const stanza of stanzas) {
    const name = stanza.name.text.split(':', 1)[0] as string
    const same = byName.get(name)
    if (same === undefined) byName.set(name, [stanza])
    else same.push(stanza)
  }
  const ovsPorts = ovsPortsOf(byName)
  const interfaces: Interface[] = []
  for (const [name, same] of byName) {
    interfaces.push(interfaceOf(name, same, addressesOf(same, report), ovsPorts.get(name) ?? []))
  }
  return {
    value: { network: { interfaces, known: true }, dynamic: dynamicFamilies(stanzas) },
    diagnostics: main.diagnostics.concat(report.diagnostics()),
  }
}

function interfaceOf(
  name: string,
  stanzas: readonly Stanza[],
  addresses: Interface['addresses'],
  ovsPorts: readonly string[],
): Interface {
  const first = stanzas[0] as Stanza
  const options = new Map<string, Word[]>()
  for (const { key, values } of stanzas.flatMap((stanza) => stanza.options)) {
    const same = options.get(key)
    if (same === undefined) options.set(key, [...values])
    else for (const value of values) same.push(value)
  }
  const text = (key: string) => options.get(key)?.[0]?.text ?? null
  return {
    name,
    kind: kindOf(name, stanzas, options),
    addresses,
    gateways: gatewaysOf(stanzas),
    dynamic: dynamicFamilies(stanzas).size > 0,
    ports: portsOf(options, ovsPorts),
    vlanAware: /^(?:yes|1|on|true)$/i.test(text('bridge-vlan-aware') ?? ''),
    altnames: (options.get('altname') ?? []).map((word) => word.text),
    span: { file: first.file, start: first.name.start, end: first.name.end },
  }
}

function kindOf(
  name: string,
  stanzas: readonly Stanza[],
  options: ReadonlyMap<string, readonly Word[]>,
): Interface['kind'] {
  const ovsType = options.get('ovs-type')?.[0]?.text
  if (ovsType === 'OVSBridge') return 'ovs-bridge'
  if (ovsType === 'OVSBond') return 'bond'
  if (ovsType !== undefined) return 'other'
  if (
    ['bridge-ports', 'bridge-stp', 'bridge-fd', 'bridge-vlan-aware'].some((key) => options.has(key))
  )
    return 'bridge'
  if (['bond-slaves', 'slaves', 'bond-mode'].some((key) => options.has(key))) return 'bond'
  if (options.has('vlan-raw-device') || /\.\d+$/.test(name)) return 'vlan'
  return stanzas.some((stanza) => stanza.method === 'loopback') ? 'loopback' : 'other'
}

/** Ports or slaves as written, without repetition. */
function portsOf(
  options: ReadonlyMap<string, readonly Word[]>,
  ovsPorts: readonly string[],
): readonly string[] {
  const ports = new Set<string>()
  for (const key of ['bridge-ports', 'bond-slaves', 'slaves', 'ovs-ports', 'ovs-bonds']) {
    const values = options.get(key) ?? []
    // `glob` and `regex` are followed by a pattern over the devices of the live system.
    if (values[0]?.text === 'glob' || values[0]?.text === 'regex') continue
    for (const { text } of values) if (text !== 'none') ports.add(text)
  }
  for (const port of ovsPorts) ports.add(port)
  return [...ports]
}

/** OVS ports name their bridge, not only the other way round. */
function ovsPortsOf(
  byName: ReadonlyMap<string, readonly Stanza[]>,
): ReadonlyMap<string, readonly string[]> {
  const ports = new Map<string, string[]>()
  for (const [name, stanzas] of byName) {
    for (const { key, values } of stanzas.flatMap((stanza) => stanza.options)) {
      const bridge = key === 'ovs-bridge' ? values[0]?.text : undefined
      if (bridge === undefined) continue
      const same = ports.get(bridge)
      if (same === undefined) ports.set(bridge, [name])
      else same.push(name)
    }
  }
  return ports
}

function addressesOf(stanzas: readonly Stanza[], report: Report): readonly Located<Cidr>[] {
  const addresses: Located<Cidr>[] = []
  for (const { file, options } of stanzas) {
    for (const [index, { key, values }] of options.entries()) {
      const written = values[0]
      if (key !== 'address' || written === undefined) continue
      const span = { file, start: written.start, end: written.end }
      const mask = written.text.includes('/') ? null : netmaskAfter(options, index)
      const value = parseCidr(mask === null ? written.text : `${written.text}/${mask}`)
      if (value !== null) addresses.push({ value, span })
      else report.add('config/interfaces-address', () => notAnAddress(span))
    }
  }
  return addresses
}

function gatewaysOf(stanzas: readonly Stanza[]): readonly Located<IpAddr>[] {
  const gateways: Located<IpAddr>[] = []
  for (const { file, options } of stanzas) {
    for (const { key, values } of options) {
      const written = values[0]
      const value = key === 'gateway' && written !== undefined ? parseAddr(written.text) : null
      if (value === null || written === undefined) continue
      gateways.push({ value, span: { file, start: written.start, end: written.end } })
    }
  }
  return gateways
}

/** Length of the `netmask` of the address at `index`: the first one before the next address. */
function netmaskAfter(options: readonly Option[], index: number): number | null {
  for (let at = index + 1; at < options.length; at += 1) {
    const option = options[at] as Option
    if (option.key === 'address') return null
    if (option.key === 'netmask') return netmaskLength(option.values[0]?.text ?? '')
  }
  return null
}

/** `255.255.255.0` or `24`; null for what is no mask. */
function netmaskLength(text: string): number | null {
  if (/^\d{1,3}$/.test(text)) return Number(text)
  const mask = parseAddr(text)
  if (mask?.version !== 4) return null
  const bits = mask.bits.toString(2).padStart(32, '0')
  return /^1*0*$/.test(bits) ? bits.replaceAll('0', '').length : null
}

function dynamicFamilies(stanzas: readonly Stanza[]): ReadonlySet<4 | 6> {
  const families = new Set<4 | 6>()
  for (const { family, method } of stanzas)
    if (method === 'dhcp' || method === 'auto') families.add(family === 'inet6' ? 6 : 4)
  return families
}

function notAnAddress(span: Interface['span']): Diagnostic {
  const message = `\`${quote(span)}\` is not an address`
  return diagnostic('warning', 'config/interfaces-address', span, message, {
    help: 'write ADDRESS/LENGTH: the networks of this node decide who can log in',
  })
}

function sdnNotSourced(sdn: SourceFile): Diagnostic {
  const message = 'the interfaces of the SDN are not sourced by etc/network/interfaces'
  return diagnostic('warning', 'config/sdn-not-sourced', { file: sdn, start: 0, end: 0 }, message, {
    help: 'add the line `source /etc/network/interfaces.d/*`; pvefw reads them as if it were there',
  })
}
