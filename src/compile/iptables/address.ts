import type { FwFile, IpSet } from '../../config/dialect/iptables/model.ts'
import type { Span } from '../../source/source-file.ts'
import { unreachable } from '../../source/unreachable.ts'
import { setName } from './set-name.ts'

/** The network pve-firewall takes for the cluster's: the alias `local_network`, found out when not defined. */
export type LocalNetwork = {
  readonly cidr: string
  readonly version: 4 | 6
  readonly span: Span | null
}

/** Where names of sets and aliases are looked up, beside a rule's own file. */
export type Names = {
  readonly cluster: FwFile
  readonly sdnSets: ReadonlyMap<string, IpSet>
  readonly localNetwork: LocalNetwork
}

/** The file whose aliases and sets a rule sees before the cluster's; null in security groups. */
export type Scope = { readonly file: FwFile | null; readonly vmid: number }

/** What security groups see: the cluster's and SDN's things only. */
export const CLUSTER_SCOPE: Scope = { file: null, vmid: 0 }

/** What the value of `-source` or `-dest` leads to; `span` is where the set or alias is defined. */
export type Address =
  | {
      readonly kind: 'set'
      readonly vmid: number
      readonly name: string
      readonly span: Span | null
    }
  | { readonly kind: 'alias'; readonly cidr: string; readonly span: Span | null }
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'missing'; readonly message: string }

const SET = /^\+(guest\/|dc\/|sdn\/)?([A-Za-z][A-Za-z0-9_-]+)$/
const ALIAS = /^(dc\/|guest\/)?([A-Za-z][A-Za-z0-9_-]+)$/

/**
 * Resolves a source or destination as `ipt_gen_src_or_dst_match` does when generating: an unscoped name is
 * looked for in the guest's file, then the cluster's, then (sets) SDN's; a scope allows only that one. What
 * was accepted while reading may still be missing here, since reading ignores scopes.
 */
export function resolveAddress(names: Names, scope: Scope, value: string): Address {
  if (value.startsWith('+')) return resolveSet(names, scope, value)
  const reference = ALIAS.exec(value)
  if (reference === null) return { kind: 'literal', text: value }
  const alias = resolveAlias(names, scope.file, reference[1] ?? '', reference[2] ?? '')
  if (alias === null) return { kind: 'missing', message: `no such alias '${value}'` }
  return { kind: 'alias', cidr: alias.cidr, span: alias.span }
}

/**
 * Looks up an alias by its name in any case; `within` is the scope prefix with its slash, or empty. The
 * cluster has an alias `local_network` even where it defines none.
 */
export function resolveAlias(
  { cluster, localNetwork }: Names,
  file: FwFile | null,
  within: string,
  name: string,
): { readonly cidr: string; readonly span: Span | null } | null {
  const key = name.toLowerCase()
  const own = within === 'dc/' ? undefined : file?.aliases.get(key)
  if (own !== undefined) return own
  if (within === 'guest/') return null
  return key === 'local_network' ? localNetwork : (cluster.aliases.get(key) ?? null)
}

/** The match for a source (`s`) or destination (`d`). */
export function addressMatch(
  address: Exclude<Address, { readonly kind: 'missing' }>,
  side: 's' | 'd',
  family: 4 | 6,
): string {
  const word = side === 's' ? 'src' : 'dst'
  switch (address.kind) {
    case 'set':
      return `-m set --match-set ${setName(address.vmid, address.name, family)} ${word}`
    case 'alias':
      return `-${side} ${address.cidr}`
    case 'literal':
      return address.text.includes('-')
        ? `-m iprange --${word}-range ${address.text}`
        : `-${side} ${address.text}`
    default:
      return unreachable(address)
  }
}

/** The set `management` exists in the cluster even where cluster.fw defines none. */
function resolveSet({ cluster, sdnSets }: Names, scope: Scope, value: string): Address {
  const reference = SET.exec(value)
  if (reference === null)
    return { kind: 'missing', message: `invalid security group name '${value}'` }
  const within = reference[1] ?? ''
  const name = reference[2] ?? ''
  const own = within === '' || within === 'guest/' ? scope.file?.ipsets.get(name) : undefined
  if (own !== undefined) return { kind: 'set', vmid: scope.vmid, name, span: own.span }
  const shared =
    (within === '' || within === 'dc/' ? cluster.ipsets.get(name) : undefined) ??
    (within === '' || within === 'sdn/' ? sdnSets.get(name) : undefined)
  if (shared !== undefined) return { kind: 'set', vmid: 0, name, span: shared.span }
  if (name === 'management' && (within === '' || within === 'dc/'))
    return { kind: 'set', vmid: 0, name, span: null }
  return { kind: 'missing', message: `no such ipset '${name}'` }
}
