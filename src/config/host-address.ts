import { type IpAddr, parseAddr, showAddr } from '../ip/address.ts'
import { type Cidr, parseCidr, rangeOf, showCidr } from '../ip/prefix.ts'
import { type Diagnostic, diagnostic, type Parsed } from '../source/diagnostic.ts'
import { lineNumber, type Span } from '../source/source-file.ts'
import type { ReadNetwork } from './interfaces.ts'
import type { Found, HostsEntry } from './tree.ts'

/** What decides which address and network are the node's. */
export type AddressClues = {
  readonly node: string
  readonly hosts: readonly HostsEntry[]
  readonly interfaces: ReadNetwork
  /** `--host-ip` and `--local-network`. */
  readonly hostIp: string | null
  readonly localNetwork: string | null
}

export type NodeAddress = {
  readonly hostIp: Found<IpAddr> | null
  readonly localNetwork: Found<Cidr> | null
}

/**
 * The node's own address and its network. The address is what etc/hosts says for the node's name, IPv4
 * first, loopback never (pmxcfs.c `lookup_node_ip`). The network is the longest one of this node's
 * interfaces that contains it, or 127.0.0.0/8 (Firewall.pm `local_network`); an interface with the full
 * length is in no network, as the kernel makes no route for it. Null when the files cannot tell.
 */
export function findNodeAddress(clues: AddressClues): Parsed<NodeAddress> {
  const diagnostics: Diagnostic[] = []
  const address = clues.hostIp === null ? null : parseAddr(clues.hostIp)
  if (clues.hostIp !== null && address === null)
    diagnostics.push(invalidOption('--host-ip', clues.hostIp, 'an address such as 192.168.1.10'))
  const cidr = clues.localNetwork === null ? null : parseCidr(clues.localNetwork)
  if (clues.localNetwork !== null && cidr === null)
    diagnostics.push(
      invalidOption('--local-network', clues.localNetwork, 'ADDRESS/LENGTH such as 192.168.1.0/24'),
    )

  const hostIp = address === null ? addressInHosts(clues) : given(address, '--host-ip')
  if (cidr !== null) {
    if (hostIp === null) diagnostics.push(unknownAddress(clues, false))
    const value = { hostIp, localNetwork: given(networkOf(cidr), '--local-network') }
    return { value, diagnostics }
  }
  if (hostIp === null) {
    diagnostics.push(unknownAddress(clues, true))
    return { value: { hostIp, localNetwork: null }, diagnostics }
  }
  const { value: localNetwork, diagnostics: more } = networkAround(hostIp, clues.interfaces)
  return { value: { hostIp, localNetwork }, diagnostics: [...diagnostics, ...more] }
}

function given<T>(value: T, option: string): Found<T> {
  return { value, from: option, span: null }
}

function addressInHosts({ node, hosts }: AddressClues): Found<IpAddr> | null {
  const wanted = node.toLowerCase()
  const own = hosts.filter(
    ({ address, names }) =>
      !isLoopback(address) && names.some((name) => name.toLowerCase() === wanted),
  )
  const entry = own.find(({ address }) => address.version === 4) ?? own[0]
  return entry === undefined
    ? null
    : { value: entry.address, from: at(entry.span), span: entry.span }
}

function isLoopback({ version, bits }: IpAddr): boolean {
  return version === 4 ? bits >> 24n === 127n : bits === 1n
}

/** `127.0.0.0/8`, what pve-firewall takes when no route contains the node's address. */
const LOOPBACK_NETWORK: Cidr = { address: { version: 4, bits: 127n << 24n }, prefix: 8 }

function networkAround(
  hostIp: Found<IpAddr>,
  { network, dynamic }: ReadNetwork,
): Parsed<Found<Cidr> | null> {
  const { version, bits } = hostIp.value
  const shown = showAddr(hostIp.value)
  const around = network.interfaces
    .flatMap(({ addresses }) => addresses)
    .filter(({ value }) => {
      if (value.address.version !== version || value.prefix === (version === 4 ? 32 : 128))
        return false
      const { lo, hi } = rangeOf(value)
      return value.prefix > 0 && bits >= lo && bits <= hi
    })
    .toSorted((a, b) => b.value.prefix - a.value.prefix)
  const [best] = around
  if (best !== undefined) {
    const value = { value: networkOf(best.value), from: at(best.span), span: best.span }
    const other = around.find(({ value: { prefix } }) => prefix !== best.value.prefix)
    return { value, diagnostics: other === undefined ? [] : [severalNetworks(value, other, shown)] }
  }
  if (!network.known || dynamic.has(version)) {
    const why = network.known
      ? 'an interface gets its address by DHCP or autoconfiguration'
      : 'etc/network/interfaces is not there'
    const message = `the network of the node's address ${shown} is not known: ${why}; it decides who can log in`
    const found = diagnostic('warning', 'config/local-network-unknown', hostIp.span, message, {
      help: GIVE_NETWORK,
    })
    return { value: null, diagnostics: [found] }
  }
  const message = `no network of this node contains its address ${shown}: pve-firewall takes 127.0.0.0/8 for local_network, so nobody is let in as management by it`
  const found = diagnostic('warning', 'config/local-network-fallback', hostIp.span, message, {
    help: GIVE_NETWORK,
  })
  const from = 'pve-firewall, as no network of etc/network/interfaces contains the address'
  return { value: { value: LOOPBACK_NETWORK, from, span: null }, diagnostics: [found] }
}

const GIVE_NETWORK =
  'give it with --local-network ADDRESS/LENGTH (`pve-firewall localnet` on the node shows it), or define the alias local_network in cluster.fw'

/** Host bits masked, as the kernel's routes show a network. */
function networkOf({ address, prefix }: Cidr): Cidr {
  return { address: { ...address, bits: rangeOf({ address, prefix }).lo }, prefix }
}

function at(span: Span): string {
  return `${span.file.path}:${lineNumber(span.file, span.start)}`
}

function severalNetworks(
  best: Found<Cidr>,
  other: { readonly value: Cidr; readonly span: Span },
  address: string,
): Diagnostic {
  const message = `several networks contain the node's address ${address}; ${showCidr(best.value)} is taken for local_network`
  return diagnostic('note', 'config/local-network-several', best.span, message, {
    related: [{ span: other.span, message: 'another one' }],
    help: GIVE_NETWORK,
  })
}

function unknownAddress({ node, hosts }: AddressClues, costsNetwork: boolean): Diagnostic {
  const cost = costsNetwork
    ? 'so neither it nor local_network is known, which decides who can log in'
    : 'so traffic to and from the node itself has no address'
  const message =
    hosts.length === 0
      ? `no etc/hosts names \`${node}\`, ${cost}`
      : `etc/hosts has no address for \`${node}\` that is not loopback, ${cost}`
  return diagnostic('warning', 'config/host-address-unknown', hosts[0]?.span ?? null, message, {
    help: `give it with --host-ip ADDRESS, or add the line \`ADDRESS ${node}\` to etc/hosts`,
  })
}

function invalidOption(option: string, value: string, wanted: string): Diagnostic {
  const message = `\`${value}\` is no value for ${option}`
  return diagnostic('error', 'config/invalid-option', null, message, { help: `write ${wanted}` })
}
