import { parseAddr } from '../ip/address.ts'
import { PROTO } from '../netfilter/packet.ts'
import type { RejectWith, Statement } from '../netfilter/ruleset.ts'
import { parseMarkMask } from './match-terms.ts'
import type { Gathered } from './rate.ts'
import type { TableName } from './tables.ts'
import { parseUnsigned } from './words.ts'

/** What the meaning of a target depends on besides its options. */
export type TargetContext = {
  readonly version: 4 | 6
  readonly table: TableName
  /** Of `-p`; null: none, or negated. */
  readonly protocol: number | null
}

/** A target extension: its options with the number of words each takes, and what it does. A string: refused. */
export type Target = {
  readonly options: ReadonlyMap<string, number>
  readonly make: (options: Gathered, text: string, context: TargetContext) => Statement | string
}

/** The target of `-j NAME`; undefined: none that pvefw knows, so a chain or nothing. */
export function findTarget(name: string): Target | undefined {
  return TARGETS.get(name)
}

/** Targets that let the packet go on and change nothing of it that a rule here looks at. */
export const PASSIVE_TARGETS: ReadonlySet<string> = new Set(
  (
    'AUDIT CHECKSUM CLASSIFY CONNSECMARK DSCP ECN HL IDLETIMER LED RATEEST SECMARK SET TCPMSS TCPOPTSTRIP TEE TOS ' +
    'TTL ULOG'
  ).split(' '),
)

/** Targets that translate addresses, and which. */
const NAT_TARGETS: ReadonlyMap<string, 'source' | 'destination'> = new Map([
  ['DNAT', 'destination'],
  ['MASQUERADE', 'source'],
  ['NETMAP', 'destination'],
  ['REDIRECT', 'destination'],
  ['SNAT', 'source'],
])

/** Targets whose effect pvefw does not follow. */
const OPAQUE_TARGETS: ReadonlySet<string> = new Set(
  'CLUSTERIP DNPT HMARK SNPT SYNPROXY TPROXY'.split(' '),
)

/** True for a target whose options pvefw does not read; a name that is neither this nor a chain is refused. */
export function isOtherTarget(name: string): boolean {
  return PASSIVE_TARGETS.has(name) || NAT_TARGETS.has(name) || OPAQUE_TARGETS.has(name)
}

/** What such a target does, as far as its name and address tell; `words` are its options. */
export function otherTarget(name: string, words: readonly string[], text: string): Statement {
  if (PASSIVE_TARGETS.has(name)) return { kind: 'comment', comment: '', text }
  const which = NAT_TARGETS.get(name)
  if (which === undefined) return { kind: 'opaque', text }
  const at = words.findIndex((word) => word === '--to-source' || word === '--to-destination')
  const to = at === -1 ? null : parseAddr(words[at + 1] ?? '')
  return { kind: 'nat', which, to, text }
}

function plain(make: (text: string) => Statement): Target {
  return { options: new Map(), make: (_, text) => make(text) }
}

function target(
  options: readonly (readonly [string, number])[],
  make: (options: Gathered, text: string, context: TargetContext) => Statement | string,
): Target {
  return { options: new Map(options), make }
}

type RejectName = readonly [name: string, alias: string, reply: RejectWith]

/** `reject_table` of extensions/libipt_REJECT.c, in its order: any beginning of a name will do. */
const rejects4: readonly RejectName[] = [
  ['icmp-net-unreachable', 'net-unreach', 'net-unreachable'],
  ['icmp-host-unreachable', 'host-unreach', 'host-unreachable'],
  ['icmp-proto-unreachable', 'proto-unreach', 'prot-unreachable'],
  ['icmp-port-unreachable', 'port-unreach', 'port-unreachable'],
  ['icmp-net-prohibited', 'net-prohib', 'net-prohibited'],
  ['icmp-host-prohibited', 'host-prohib', 'host-prohibited'],
  ['tcp-reset', 'tcp-rst', 'tcp-reset'],
  ['icmp-admin-prohibited', 'admin-prohib', 'admin-prohibited'],
]

/** `reject_table` of extensions/libip6t_REJECT.c. */
const rejects6: readonly RejectName[] = [
  ['icmp6-no-route', 'no-route', 'no-route'],
  ['icmp6-adm-prohibited', 'adm-prohibited', 'admin-prohibited'],
  ['icmp6-addr-unreachable', 'addr-unreach', 'addr-unreachable'],
  ['icmp6-port-unreachable', 'port-unreach', 'port-unreachable'],
  ['tcp-reset', 'tcp-reset', 'tcp-reset'],
  ['icmp6-policy-fail', 'policy-fail', 'policy-fail'],
  ['icmp6-reject-route', 'reject-route', 'reject-route'],
]

/** `reject_tg_check` and `reject_tg6_check`: table filter only; a reset answers TCP only. */
function makeReject(
  options: Gathered,
  text: string,
  { version, table, protocol }: TargetContext,
): Statement | string {
  const word = options.get('--reject-with')?.[0]
  const wanted = word?.toLowerCase()
  const found = (version === 4 ? rejects4 : rejects6).find(
    ([name, alias]) =>
      wanted !== undefined && (name.startsWith(wanted) || alias.startsWith(wanted)),
  )
  if (wanted !== undefined && found === undefined) return `unknown reject type "${word}"`
  const reply = found?.[2] ?? 'port-unreachable'
  if (reply === 'tcp-reset' && protocol !== PROTO.tcp)
    return 'the kernel refuses --reject-with tcp-reset without -p tcp'
  if (table !== 'filter') return 'the kernel refuses REJECT outside of table filter'
  return { kind: 'verdict', verdict: { kind: 'reject', with: reply }, text }
}

/** `mark_tg_check`, `connmark_tg_xlate`: every option is a value and a mask of `(mark & ~mask) ^ value`. */
function makeSetMark(which: 'meta' | 'ct', name: 'MARK' | 'CONNMARK') {
  return (options: Gathered, text: string): Statement | string => {
    for (const [option, [word = '']] of options) {
      const parsed = parseMarkMask(word)
      if (parsed === null) return `${name}: bad value for option "${option}", or out of range.`
      const [value, mask] = markChange(option, parsed.value, parsed.mask)
      return { kind: 'set-mark', which, value: value >>> 0, mask: mask >>> 0, text }
    }
    return name === 'MARK'
      ? 'MARK: One of the --set-xmark, --{and,or,xor,set}-mark options is required'
      : 'CONNMARK target: No operation specified'
  }
}

function markChange(option: string, value: number, mask: number): readonly [number, number] {
  switch (option) {
    case '--set-mark':
      return [value, value | mask]
    case '--and-mark':
      return [0, ~value]
    case '--or-mark':
      return [value, value]
    case '--xor-mark':
      return [value, 0]
    default:
      return [value, mask]
  }
}

const markOptions: readonly (readonly [string, number])[] = [
  ['--set-mark', 1],
  ['--set-xmark', 1],
  ['--and-mark', 1],
  ['--or-mark', 1],
  ['--xor-mark', 1],
]

function makeConnmark(options: Gathered, text: string): Statement | string {
  const save = options.has('--save-mark')
  if (!save && !options.has('--restore-mark')) return makeSetMark('ct', 'CONNMARK')(options, text)
  const both = options.get('--mask')?.[0]
  const nf = parseUnsigned(options.get('--nfmask')?.[0] ?? both ?? '0xffffffff', 0xffff_ffff)
  const ct = parseUnsigned(options.get('--ctmask')?.[0] ?? both ?? '0xffffffff', 0xffff_ffff)
  if (nf === null || ct === null) return 'CONNMARK: bad value for option "--mask", or out of range.'
  return save
    ? { kind: 'copy-mark', to: 'ct', fromMask: nf, toMask: ct, text }
    : { kind: 'copy-mark', to: 'meta', fromMask: ct, toMask: nf, text }
}

/** The kernel keeps this many bytes of a prefix: NF_LOG_PREFIXLEN less the closing zero. */
const logPrefix = 63

function makeNflog(options: Gathered, text: string): Statement | string {
  const group = parseUnsigned(options.get('--nflog-group')?.[0] ?? '0', 0xffff)
  if (group === null)
    return 'NFLOG: bad value for option "--nflog-group", or out of range (0-65535).'
  const prefix = (options.get('--nflog-prefix')?.[0] ?? '').slice(0, logPrefix)
  return { kind: 'log', prefix, group, text }
}

/** `NFQUEUE_parse_v1` ..., extensions/libxt_NFQUEUE.c; `nfqueue_tg_check`, net/netfilter/xt_NFQUEUE.c. */
function makeQueue(options: Gathered, text: string): Statement | string {
  const num = options.get('--queue-num')?.[0]
  const balance = options.get('--queue-balance')?.[0]
  if (num !== undefined && balance !== undefined)
    return 'NFQUEUE: option "--queue-num" cannot be used together with "--queue-balance".'
  const bypass = options.has('--queue-bypass')
  if (balance === undefined) {
    const from = parseUnsigned(num ?? '0', 0xffff)
    if (from === null)
      return 'NFQUEUE: bad value for option "--queue-num", or out of range (0-65535).'
    return { kind: 'verdict', verdict: { kind: 'queue', from, to: from, bypass }, text }
  }
  const [first = '', last] = balance.split(':')
  if (last === undefined) return `Bad range "${balance}"`
  const from = parseUnsigned(first, 0xffff)
  const to = parseUnsigned(last, 0xffff)
  if (from === null || to === null)
    return `NFQUEUE: bad value for option "--queue-balance" near "${from === null ? first : last}", or out of range (0-65535).`
  if (from >= to) return `${from} should be less than ${to}`
  if (to - from === 0xffff) return 'the kernel refuses a --queue-balance of 65536 queues'
  return { kind: 'verdict', verdict: { kind: 'queue', from, to, bypass }, text }
}

/** Connection helpers of the kernel and the protocols they are registered for: net/netfilter/nf_conntrack_*.c. */
const helpers: ReadonlyMap<string, readonly number[]> = new Map([
  ['amanda', [PROTO.udp]],
  ['ftp', [PROTO.tcp]],
  ['irc', [PROTO.tcp]],
  ['netbios-ns', [PROTO.udp]],
  ['pptp', [PROTO.tcp]],
  ['sane', [PROTO.tcp]],
  ['sip', [PROTO.tcp, PROTO.udp]],
  ['snmp', [PROTO.udp]],
  ['tftp', [PROTO.udp]],
  ['Q.931', [PROTO.tcp]],
  ['RAS', [PROTO.udp]],
  ['H.245', [PROTO.tcp]],
])

/** `xt_ct_tg_check`, net/netfilter/xt_CT.c. */
function makeCt(
  options: Gathered,
  text: string,
  { version, table, protocol }: TargetContext,
): Statement | string {
  if (table !== 'raw') return 'the kernel refuses CT outside of table raw'
  if (options.has('--notrack')) return { kind: 'notrack', text }
  const zone = zoneOf(options)
  if (typeof zone === 'string') return zone
  const name = options.get('--helper')?.[0]
  if (name !== undefined) {
    if (protocol === null)
      return `the kernel refuses helper ${name} without -p (xt_CT: You must specify a L4 protocol)`
    if (helpers.get(name)?.includes(protocol) !== true)
      return `the kernel refuses helper ${name} (xt_CT: No such helper)`
  }
  // a timeout policy is known by its name only: when a connection of it ends is not known
  if (options.has('--timeout')) return { kind: 'opaque', text }
  const helper = name === undefined || protocol === null ? null : { name, proto: protocol, version }
  return { kind: 'ct-zone', ...zone, helper, text }
}

/** `ct_parse_zone_id`, extensions/libxt_CT.c; both directions one by one are both. A string: refused. */
function zoneOf(
  options: Gathered,
): Pick<Extract<Statement, { kind: 'ct-zone' }>, 'zone' | 'of'> | string {
  const given = (['--zone', '--zone-orig', '--zone-reply'] as const).filter((at) => options.has(at))
  const last = given.at(-1)
  if (last === undefined) return { zone: 0, of: 'both' }
  const of =
    given.includes('--zone-orig') === given.includes('--zone-reply')
      ? 'both'
      : given.includes('--zone-orig')
        ? 'original'
        : 'reply'
  const word = options.get(last)?.[0] ?? ''
  if (word === 'mark') return { zone: 'meta mark', of }
  const zone = parseUnsigned(word, 0xffff)
  return zone === null ? `iptables refuses zone ${word}` : { zone, of }
}

const TARGETS: ReadonlyMap<string, Target> = new Map<string, Target>([
  ['ACCEPT', plain((text) => ({ kind: 'verdict', verdict: { kind: 'accept' }, text }))],
  ['DROP', plain((text) => ({ kind: 'verdict', verdict: { kind: 'drop' }, text }))],
  ['RETURN', plain((text) => ({ kind: 'verdict', verdict: { kind: 'return' }, text }))],
  ['QUEUE', target([], makeQueue)],
  [
    'TRACE',
    target([], (_, text, { table }) =>
      table === 'raw'
        ? { kind: 'log', prefix: '', group: null, text }
        : 'the kernel refuses TRACE outside of table raw',
    ),
  ],
  [
    'NOTRACK',
    target([], (_, text, { table }) =>
      table === 'raw'
        ? { kind: 'notrack', text }
        : 'the kernel refuses NOTRACK outside of table raw',
    ),
  ],
  ['REJECT', target([['--reject-with', 1]], makeReject)],
  ['MARK', target(markOptions, makeSetMark('meta', 'MARK'))],
  [
    'CONNMARK',
    target(
      [
        ...markOptions,
        ['--save-mark', 0],
        ['--restore-mark', 0],
        ['--mask', 1],
        ['--nfmask', 1],
        ['--ctmask', 1],
      ],
      makeConnmark,
    ),
  ],
  [
    'NFLOG',
    target(
      [
        ['--nflog-prefix', 1],
        ['--nflog-group', 1],
        ['--nflog-range', 1],
        ['--nflog-size', 1],
        ['--nflog-threshold', 1],
      ],
      makeNflog,
    ),
  ],
  [
    'LOG',
    target(
      [
        ['--log-prefix', 1],
        ['--log-level', 1],
        ['--log-tcp-sequence', 0],
        ['--log-tcp-options', 0],
        ['--log-ip-options', 0],
        ['--log-uid', 0],
        ['--log-macdecode', 0],
      ],
      (options, text) => ({
        kind: 'log',
        prefix: options.get('--log-prefix')?.[0] ?? '',
        group: null,
        text,
      }),
    ),
  ],
  [
    'NFQUEUE',
    target(
      [
        ['--queue-num', 1],
        ['--queue-balance', 1],
        ['--queue-bypass', 0],
        ['--queue-cpu-fanout', 0],
      ],
      makeQueue,
    ),
  ],
  [
    'CT',
    target(
      [
        ['--helper', 1],
        ['--notrack', 0],
        ['--ctevents', 1],
        ['--expevents', 1],
        ['--zone', 1],
        ['--zone-orig', 1],
        ['--zone-reply', 1],
        ['--timeout', 1],
      ],
      makeCt,
    ),
  ],
])
