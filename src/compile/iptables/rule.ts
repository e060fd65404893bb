import { ICMP_TYPES, ICMPV6_TYPES, isIcmp } from '../../config/dialect/iptables/icmp.ts'
import type { FwRule } from '../../config/dialect/iptables/model.ts'
import { isTrue } from '../../config/dialect/iptables/perl.ts'
import { macroTemplates } from '../../config/macros.ts'
import type { RestoreLine } from '../../netfilter/restore.ts'
import { type Address, addressMatch } from './address.ts'
import { type Died, died } from './died.ts'
import { levelOf, logText } from './log.ts'
import type { Pass } from './pass.ts'
import type { RuleState } from './rule-state.ts'

/** Where a rule goes and what it is told there. */
export type Target = {
  /** Chain and its lines. */
  readonly chain: string
  readonly lines: RestoreLine[]
  /** `-i X`, `-o X` or empty: only host rules match their interface. */
  readonly iface: string
  /** VMID of its log line, and the action that line quotes (null: none, in groups). */
  readonly vmid: number
  readonly quoted: string | null
}

/** What of a rule the protocol part is made of: its own fields, or those of a macro's template. */
type Fields = {
  readonly proto: string | null
  readonly dport: string | null
  readonly sport: string | null
  readonly icmpType: string | null
}

/** A piece of text, or why there is none. */
type Text = string | { readonly died: string }

/**
 * Appends the lines of a rule: one per template of its macro (else one), each with its log line before it;
 * all of them or none (`ruleset_generate_rule`, `ipt_rule_to_cmds`). The action is that of `state`.
 */
export function generateRule(pass: Pass, state: RuleState, target: Target): Died | null {
  const made = state.lines ?? makeLines(pass, state, target)
  if ('message' in made) return made
  for (const line of made) target.lines.push(line)
  if (state.isSame) state.lines = made.slice()
  return null
}

function makeLines(pass: Pass, state: RuleState, target: Target): readonly RestoreLine[] | Died {
  const { rule, action, origin } = state
  const level = rule.log === null ? null : levelOf(rule.log.value)
  const jump = action === 'PVEFW-SET-ACCEPT-MARK' ? '-g' : '-j'
  const lines: RestoreLine[] = []
  for (const fields of fieldsOf(rule, pass.family)) {
    const match = matchText(pass.family, state, fields, target.iface)
    if (typeof match !== 'string') return died(match.died, rule.span)
    if (level !== null) {
      const { chain, vmid, quoted } = target
      const label = quoted === null ? '' : `${quoted}: `
      const text = logText(pass.rateLimit, match, chain, vmid, level, label)
      lines.push({ text, origin: { ...origin, means: null } })
    }
    // joined and not a template: there are so many that the parts would be dear which templates keep
    lines.push({ text: [match, jump, action].join(' '), origin })
  }
  return lines
}

/**
 * The templates of a rule's macro filled up with the rule's own fields, or just the rule. INVARIANT: a field
 * both have is equal, or the rule has an error from reading (`apply_macro` with `verify`).
 */
function fieldsOf(rule: FwRule, family: 4 | 6): readonly Fields[] {
  const own: Fields = {
    proto: rule.proto?.value ?? null,
    dport: rule.dport?.value ?? null,
    sport: rule.sport?.value ?? null,
    icmpType: rule.icmpType?.value ?? null,
  }
  if (rule.macro === null) return [own]
  return macroTemplates(rule.macro.value, family).map((template) => ({
    proto: template.proto ?? own.proto,
    dport: template.dport ?? own.dport,
    sport: template.sport ?? own.sport,
    icmpType: own.icmpType,
  }))
}

/** All matches of one line in the order pve-firewall writes them; the values `0` count as not given. */
function matchText(
  family: 4 | 6,
  { source, dest }: RuleState,
  fields: Fields,
  iface: string,
): Text {
  const from = addressText(source, 's', family)
  if (typeof from !== 'string') return from
  const to = addressText(dest, 'd', family)
  if (typeof to !== 'string') return to
  const protocol = protocolText(fields)
  if (typeof protocol !== 'string') return protocol
  return joinMatches(joinMatches(iface, from), joinMatches(to, protocol))
}

function joinMatches(left: string, right: string): string {
  if (left === '') return right
  return right === '' ? left : `${left} ${right}`
}

function addressText(address: Address | null, side: 's' | 'd', family: 4 | 6): Text {
  if (address === null) return ''
  return address.kind === 'missing'
    ? { died: address.message }
    : addressMatch(address, side, family)
}

/** Protocol, ICMP type and ports. A multiport match always comes after a single port. */
function protocolText(fields: Fields): Text {
  const { proto } = fields
  if (proto === null || !isTrue(proto)) return portsWithoutProtocol(fields)
  const icmpType = icmpTypeText(proto, fields.icmpType)
  if (typeof icmpType !== 'string') return icmpType
  const dport = dportText(proto, fields.dport)
  if (typeof dport !== 'string') return dport
  const sport = sportText(proto, fields.sport)
  if (typeof sport !== 'string') return sport
  const ports = isList(fields.sport) ? joinMatches(dport, sport) : joinMatches(sport, dport)
  return joinMatches(joinMatches(`-p ${proto}`, icmpType), ports)
}

function portsWithoutProtocol({ dport, sport }: Fields): Text {
  if (dport !== null && isTrue(dport))
    return { died: `destination port '${dport}', but no protocol specified` }
  if (sport !== null && isTrue(sport))
    return { died: `source port '${sport}', but no protocol specified` }
  return ''
}

function icmpTypeText(proto: string, icmpType: string | null): Text {
  if (icmpType === null || icmpType === '') return ''
  if (!isIcmp(proto))
    return { died: "'icmp-type' can only be set if 'icmp', 'icmpv6' or 'ipv6-icmp' is specified" }
  return `-m ${proto} --${proto === 'icmp' ? 'icmp-type' : 'icmpv6-type'} ${icmpType}`
}

/** The destination port field of an ICMP rule is its type: the old spelling of `-icmp-type`. */
function dportText(proto: string, dport: string | null): Text {
  if (dport === null) return ''
  if (proto === 'icmp' || proto === 'icmpv6') {
    const complaint = icmpComplaint(dport, proto === 'icmp' ? ICMP_TYPES : ICMPV6_TYPES)
    if (complaint !== null) return { died: complaint }
    return `-m ${proto} --${proto}-type ${dport}`
  }
  if (!hasPorts(proto)) return { died: `protocol ${proto} does not have ports` }
  if (isList(dport)) return `--match multiport --dports ${dport}`
  return isTrue(dport) ? `--dport ${dport}` : ''
}

function sportText(proto: string, sport: string | null): Text {
  if (sport === null || !isTrue(sport)) return ''
  if (!hasPorts(proto)) return { died: `protocol ${proto} does not have ports` }
  return isList(sport) ? `--match multiport --sports ${sport}` : `--sport ${sport}`
}

function isList(ports: string | null): boolean {
  return ports?.includes(',') ?? false
}

/** What `is_valid_icmp_type` dies with. */
function icmpComplaint(type: string, names: ReadonlySet<string>): string | null {
  if (/^[0-9]+$/.test(type)) return Number(type) > 255 ? `invalid icmp-type '${type}'` : null
  return names.has(type) ? null : `unknown icmp-type '${type}'`
}

/** `$PROTOCOLS_WITH_PORTS`. */
const WITH_PORTS: ReadonlySet<string> = new Set([
  'tcp',
  '6',
  'udp',
  '17',
  'udplite',
  '136',
  'dccp',
  '33',
  'sctp',
  '132',
])

function hasPorts(proto: string): boolean {
  return WITH_PORTS.has(proto)
}
