import { coverage, setIndex } from '../eval/set-index.ts'
import { showAddr } from '../ip/address.ts'
import { rangeOf, showCidr } from '../ip/prefix.ts'
import type { AddressElement, NfSet } from '../netfilter/ruleset.ts'
import { escapeText } from '../render/escape.ts'
import type { NamedValues, RegionNames } from '../render/region-words.ts'
import type { Family } from '../symbolic/fields.ts'
import { valuesOfRanges } from '../symbolic/value-set.ts'
import type { SetMember } from '../topology/names.ts'
import type { NodeFirewall } from './node-firewall.ts'

/**
 * Names for the addresses of a family: sets and aliases of the cluster, guests, nodes. Of two names for the same
 * addresses the first holds: sets, aliases, guests, nodes.
 */
export function regionNames({ topology, tree }: NodeFirewall, family: Family): RegionNames {
  const version = family === 'ip6' ? 6 : 4
  const bits = version === 4 ? 32 : 128
  const found: NamedValues[] = []
  const add = (name: string, ranges: Parameters<typeof valuesOfRanges>[0]): void => {
    if (ranges.length > 0)
      found.push({ name: escapeText(name), values: valuesOfRanges(ranges, bits) })
  }
  const { names } = topology
  const known = [...new Set(['+management', 'local_network', ...names.known()])]
  for (const name of known.filter((each) => each.startsWith('+'))) {
    const members = names.set(name.slice(1), null)
    if (members !== null) add(name, coverageOf(members, version))
  }
  for (const name of known.filter((each) => !/^\+|^dc\//.test(each))) {
    const cidr = names.alias(name, null)
    if (cidr?.address.version === version) add(name, [rangeOf(cidr)])
  }
  for (const guest of tree.guests)
    for (const nic of guest.nics)
      for (const { address } of topology.addressesOf(guest, nic))
        if (address.version === version) {
          const kind = guest.type === 'qemu' ? 'vm' : 'ct'
          const at = showAddr(address)
          add(`${kind}${guest.vmid} ${at}`, [{ lo: address.bits, hi: address.bits }])
        }
  for (const node of tree.nodes)
    for (const address of topology.nodeAddresses(node))
      if (address.version === version)
        add(`${node} ${showAddr(address)}`, [{ lo: address.bits, hi: address.bits }])
  return { addresses: found, ports: [] }
}

/** The addresses of a set as ipset sees it: of networks within one another the smallest decides. */
function coverageOf(members: readonly SetMember[], version: 4 | 6) {
  const elements = members
    .filter(({ cidr }) => cidr.address.version === version)
    .map(
      ({ cidr, nomatch }): AddressElement => ({
        ...rangeOf(cidr),
        nomatch,
        text: showCidr(cidr),
        origin: NOWHERE,
      }),
    )
  const set: NfSet = { kind: 'addresses', name: '', version, elements, origin: NOWHERE }
  return coverage(setIndex('', new Map([['', set]])), version) ?? []
}

const NOWHERE = { kind: 'generated', by: '', why: '', span: null, means: null } as const
