import type { AddressItem, NftIpSet, NftSetEntry } from '../../config/dialect/nftables/model.ts'
import { type Refused, refused } from '../../config/dialect/nftables/refused.ts'
import type { Tree } from '../../config/tree.ts'
import { type IpAddr, parseAddr, showAddr } from '../../ip/address.ts'
import { type Cidr, rangeOf } from '../../ip/prefix.ts'
import { diagnostic } from '../../source/diagnostic.ts'
import type { Span } from '../../source/source-file.ts'
import { type Compilation, report } from './compilation.ts'

/**
 * The set of those who may reach the node's own services (firewall.rs `create_management_ipset`): what
 * `[IPSET management]` says, and the alias `local_network`, or else every network of an interface that
 * holds the node's address. Doubles stay.
 */
export function managementSet(compilation: Compilation): NftIpSet | Refused {
  const { cluster, tree } = compilation
  const own = cluster?.ipsets.get('management')
  const local = cluster?.aliases.get('local_network')
  const entries = own?.entries ?? []
  const span = own?.span ?? null
  if (local !== undefined) {
    const item: AddressItem = { kind: 'cidr', cidr: local.cidr }
    return {
      name: 'management',
      span,
      entries: [...entries, { nomatch: false, item, span: local.span }],
    }
  }
  if (tree.hostIp === null) return unresolvable(tree)
  const networks = ownNetworks(tree, tree.hostIp.value)
  reportFurtherAddresses(compilation, tree.hostIp.value)
  return { name: 'management', span, entries: [...entries, ...networks] }
}

function unresolvable({ node }: Tree): Refused {
  return refused(
    'nftables/host-address-unknown',
    null,
    'local hostname is resolvable',
    `the name of the node, \`${node}\`, resolves to no address`,
    'add the node to etc/hosts (or name its address with --host-ip), or define the alias `local_network`',
  )
}

/** Networks that hold the address, in the order of the interfaces (host/utils.rs `network_interface_cidrs`). */
function ownNetworks({ network, localNetwork }: Tree, address: IpAddr): readonly NftSetEntry[] {
  const written = network.interfaces.some(
    ({ name, addresses }) => name === 'lo' && addresses.length > 0,
  )
  const known = [
    ...(written ? [] : LOOPBACK),
    ...network.interfaces.flatMap(({ addresses }) => addresses),
  ]
  const entries = known
    .filter(({ value }) => holds(value, address))
    .map(({ value, span }) => entryOf(value, span))
  if (entries.length > 0 || localNetwork === null) return entries
  // Interfaces are not known: the address stands on one with the network that was given.
  const { value, span } = localNetwork
  return holds(value, address) ? [entryOf({ address, prefix: value.prefix }, span)] : []
}

function entryOf(cidr: Cidr, span: Span | null): NftSetEntry {
  return { nomatch: false, item: { kind: 'cidr', cidr }, span }
}

/** The addresses of `lo`, which hardly anybody writes down. */
const LOOPBACK: readonly { readonly value: Cidr; readonly span: null }[] = (
  [
    ['127.0.0.1', 8],
    ['::1', 128],
  ] as const
).flatMap(([text, prefix]) => {
  const address = parseAddr(text)
  return address === null ? [] : [{ value: { address, prefix }, span: null }]
})

function holds(cidr: Cidr, address: IpAddr): boolean {
  if (cidr.address.version !== address.version) return false
  const { lo, hi } = rangeOf(cidr)
  return address.bits >= lo && address.bits <= hi
}

/**
 * The real program takes every address the name resolves to; which these are on the node, files alone do
 * not tell for sure. One is taken, as everywhere in pvefw.
 */
function reportFurtherAddresses(compilation: Compilation, taken: IpAddr): void {
  const { hosts, node } = compilation.tree
  for (const { address, names, span } of hosts) {
    if (!names.includes(node)) continue
    if (address.version === taken.version && address.bits === taken.bits) continue
    report(
      compilation,
      diagnostic(
        'note',
        'nftables/more-host-addresses',
        span,
        `\`${node}\` is also \`${showAddr(address)}\`: on the node its network may belong to the management set too`,
        { help: 'define the alias `local_network` in cluster.fw to say which network it is' },
      ),
    )
  }
}
