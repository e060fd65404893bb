import { rangeOf } from '../../../ip/prefix.ts'
import { contains, isSubset, normalise } from '../../../ip/range-set.ts'
import { type Diagnostic, diagnostic } from '../../../source/diagnostic.ts'
import type { Located, Span } from '../../../source/source-file.ts'
import { CT_HELPERS } from './ct-helpers.ts'
import type { NftFile, NftIpSet } from './model.ts'
import { flag, helpers, OPTIONS, parseFlag, verdict } from './options.ts'
import { debugText } from './text.ts'

/** Names what a file says that loads without doing what it says: options, sets, sections. */
export function checkFile(file: NftFile, found: Diagnostic[]): void {
  for (const [key, option] of file.options) checkOptionKey(file, key, option, found)
  switch (file.scope) {
    case 'cluster':
      checkCluster(file, found)
      break
    case 'host':
      checkHost(file, found)
      break
    case 'vnet':
      checkVnet(file, found)
      break
    default:
  }
  checkCompanions(file, found)
  for (const set of file.ipsets.values()) checkExceptions(set, found)
}

/** Options pve-firewall has for guests and proxmox-firewall has not. */
const IPTABLES_ONLY: ReadonlySet<string> = new Set(['ips', 'ips_queues', 'layer2_protocols'])

function checkOptionKey(
  { scope }: NftFile,
  key: string,
  { value, span }: Located<string>,
  found: Diagnostic[],
): void {
  if (!OPTIONS[scope].has(key)) {
    found.push(unknownOption(scope, key, span))
    return
  }
  if (
    (scope === 'cluster' && key === 'ebtables') ||
    (scope === 'guest' && key === 'policy_forward')
  )
    found.push(
      diagnostic(
        'note',
        'nftables/option-without-effect',
        span,
        `\`${key}\` has no effect here with nftables`,
        {
          help:
            key === 'ebtables'
              ? 'guests are always filtered at layer 2 too'
              : 'forwarding is decided in cluster.fw and vnet files',
        },
      ),
    )
  const switches =
    (scope === 'cluster' && key === 'enable') || (scope === 'host' && key === 'nftables')
  if (switches && parseFlag(value) === true && value !== '1')
    found.push(
      diagnostic(
        'warning',
        'nftables/enable-spelling',
        span,
        `\`${key}: ${value}\` means on to proxmox-firewall but not to pve-firewall, which then has the nftables rules removed`,
        { help: `write \`${key}: 1\`` },
      ),
    )
}

function unknownOption(scope: NftFile['scope'], key: string, span: Span): Diagnostic {
  const lower = key.toLowerCase()
  if (scope === 'guest' && IPTABLES_ONLY.has(lower))
    return diagnostic(
      'warning',
      'nftables/option-without-effect',
      span,
      `\`${key}\` does not exist with nftables and is ignored`,
      {
        help: 'use the iptables backend if you need it',
      },
    )
  const help = OPTIONS[scope].has(lower)
    ? `write \`${lower}\` in lower case`
    : `a ${scope} file has ${[...OPTIONS[scope].keys()].join(', ')}`
  return diagnostic(
    'warning',
    'nftables/option-unknown',
    span,
    `\`${key}\` is no option of a ${scope} file and is ignored`,
    { help },
  )
}

function checkCluster(file: NftFile, found: Diagnostic[]): void {
  const out = verdict(file, 'policy_out', 'ACCEPT')
  if (out.value !== 'ACCEPT')
    found.push(
      diagnostic(
        'warning',
        'nftables/policy-out',
        out.span,
        `with \`policy_out: ${out.value}\` nothing is let out of the node on its own: no web interface or SSH to other nodes, no corosync`,
        {
          help: 'add OUT rules for tcp 8006, 22, 5900:5999, 3128 and udp 5405:5412 to the cluster network',
        },
      ),
    )
  const blacklist = file.ipsets.get('blacklist')
  if (blacklist !== undefined)
    found.push(
      diagnostic(
        'warning',
        'nftables/blacklist',
        blacklist.span,
        'the IPSet `blacklist` blocks nothing by itself with nftables',
        {
          help: 'add `IN DROP -source +dc/blacklist` as first rule wherever it should count',
        },
      ),
    )
}

function checkHost(file: NftFile, found: Diagnostic[]): void {
  const synflood = flag(file, 'protection_synflood', false)
  if (synflood.value)
    found.push(
      diagnostic(
        'warning',
        'nftables/synflood',
        synflood.span,
        'the SYN flood protection of proxmox-firewall is broken: it drops every new connection to the host that no built-in rule has let in',
        { help: 'remove the option; nft 1.1.2 and later refuse the whole update because of it' },
      ),
    )
  const enable = flag(file, 'enable', true)
  if (!enable.value)
    found.push(
      diagnostic(
        'note',
        'nftables/host-disabled',
        enable.span,
        'with `enable: 0` packets conntrack calls invalid get through to guests too: the rule that drops them is made with the host part',
        { help: 'set `enable: 1` if guests rely on it' },
      ),
    )
  const ndp = flag(file, 'ndp', true)
  if (!ndp.value) found.push(blockedEarly('ndp', ndp.span, 'neighbour discovery', 'the host'))
  for (const name of helpers(file)) {
    if (CT_HELPERS.has(name)) continue
    found.push(
      diagnostic(
        'warning',
        'nftables/helper-unknown',
        file.options.get('nf_conntrack_helpers')?.span ?? null,
        `\`${name}\` is no conntrack helper and is left out`,
        {
          help: `helpers are ${[...CT_HELPERS.keys()].join(', ')}, separated by commas without blanks`,
          upstream: [`provided invalid helper macro name: ${debugText(name)}`],
        },
      ),
    )
  }
}

function checkVnet(file: NftFile, found: Diagnostic[]): void {
  const unused: readonly (readonly [string, Span])[] = [
    ...[...file.aliases.values()].map(({ span }) => ['aliases', span] as const),
    ...[...file.groups.values()].map(({ span }) => ['security groups', span] as const),
  ]
  for (const [what, span] of unused)
    found.push(
      diagnostic(
        'warning',
        'nftables/unused-in-vnet',
        span,
        `${what} of a vnet file are read and never looked up`,
        {
          help: 'move the section to cluster.fw',
        },
      ),
    )
}

/** An option that blocks packets in a chain before the rules, instead of merely not allowing them. */
export function blockedEarly(
  option: string,
  span: Span | null,
  what: string,
  whose: string,
): Diagnostic {
  return diagnostic(
    'note',
    'nftables/blocked-before-rules',
    span,
    `\`${option}: 0\` drops ${what} of ${whose} before any rule is asked: no rule can allow it again`,
    { help: `remove \`${option}: 0\` to decide by rules` },
  )
}

/** Each set has a companion for its `!` entries: a set that is called like the companion of another one is mixed up with it. */
function checkCompanions({ ipsets }: NftFile, found: Diagnostic[]): void {
  for (const [name, set] of ipsets) {
    const other = name.endsWith('-nomatch') ? ipsets.get(name.slice(0, -8)) : undefined
    if (other === undefined) continue
    found.push(
      diagnostic(
        'warning',
        'nftables/set-name-clash',
        set.span,
        `\`${name}\` and the exceptions of \`${other.name}\` become one and the same nft set`,
        {
          help: 'rename one of the two sets',
          related: other.span === null ? [] : [{ span: other.span, message: 'the other set' }],
        },
      ),
    )
  }
}

/** Kernel sets decide by the longest prefix, these two: what a `!` entry holds is out, whatever else is listed. */
function checkExceptions({ name, entries }: NftIpSet, found: Diagnostic[]): void {
  for (const version of [4, 6] as const) {
    const own = entries.flatMap(({ item, nomatch, span }) =>
      item.kind === 'cidr' && item.cidr.address.version === version && span !== null
        ? [{ range: rangeOf(item.cidr), nomatch, span }]
        : [],
    )
    const excepted = normalise(own.flatMap(({ range, nomatch }) => (nomatch ? [range] : [])))
    if (excepted.length === 0) continue
    for (const { range, nomatch, span } of own) {
      if (nomatch || !contains(excepted, range.lo) || !isSubset([range], excepted)) continue
      found.push(
        diagnostic(
          'warning',
          'nftables/excluded-entry',
          span,
          `the entry has no effect: an entry with \`!\` in \`${name}\` holds it, and such entries win with nftables`,
          { help: 'split the entry with `!` so that this one is not in it' },
        ),
      )
    }
  }
}
