import type { Located, SourceFile } from '../../../source/source-file.ts'
import { spanOf, type Token } from '../../fw-line.ts'
import { isLogLevel, logLevelOf } from './log-level.ts'
import type { AddressOperand, NftRule, ProtocolMatch } from './model.ts'
import { type ProtocolError, parseProtocol } from './protocol.ts'
import { isRefused, type Refused, refused } from './refused.ts'
import { parseHead } from './rule-head.ts'
import { parseRuleOptions, type RuleFields } from './rule-options.ts'
import { operandOf, type Terms } from './terms.ts'
import { brief, debugText, indexIn, nameEnd, trimEnd, trimStart } from './text.ts'

/** A rule with its options as written, of which the rule keeps only what counts. */
export type ReadRule = { readonly rule: NftRule; readonly fields: RuleFields }

/** Reads a rule line (types/rule.rs `Rule::from_str`). `line` is trimmed. */
export function parseRule(file: SourceFile, line: Token, terms: Terms): ReadRule | Refused {
  const { text } = file
  const returned = indexIn(text, 0x0d, line.start, line.end)
  if (returned < line.end)
    return refused(
      'nftables/rule-syntax',
      spanOf(file, { start: returned, end: returned + 1 }),
      'rule must not contain any newlines!',
      'there is a carriage return inside the line',
      'end the line there with a newline',
    )
  const end = ruleEnd(text, line)
  const enabled = text.charCodeAt(line.start) !== 0x7c || line.start >= end
  const start = enabled ? line.start : trimStart(text, line.start + 1, end)
  return text.startsWith('GROUP', start) && start + 5 <= end
    ? parseGroupRule(file, line, { start, end }, enabled)
    : parseMatchRule(file, line, { start, end }, enabled, terms)
}

/** A `#` starts a comment only if something follows it. */
function ruleEnd(text: string, line: Token): number {
  const hash = indexIn(text, 0x23, line.start, line.end)
  return hash >= line.end - 1 ? line.end : trimEnd(text, line.start, hash)
}

function parseGroupRule(
  file: SourceFile,
  line: Token,
  { start, end }: Token,
  enabled: boolean,
): ReadRule | Refused {
  const { text } = file
  const keywordEnd = nameEnd(text, start, end)
  if (keywordEnd !== start + 5)
    return refused(
      'nftables/rule-syntax',
      spanOf(file, { start, end: keywordEnd }),
      'Expected keyword GROUP',
      `\`${text.slice(start, keywordEnd)}\` is not the word \`GROUP\``,
      'write `GROUP name`',
    )
  const nameStart = trimStart(text, keywordEnd, end)
  const group = { start: nameStart, end: nameEnd(text, nameStart, end) }
  if (group.start === group.end)
    return refused(
      'nftables/rule-syntax',
      spanOf(file, { start, end: keywordEnd }),
      'expected a name for rule group',
      'no name of a security group follows `GROUP`',
      'write `GROUP name`; a name starts with a letter and has letters, digits, `-` and `_`',
    )
  const fields = parseRuleOptions(file, group.end, end)
  if (isRefused(fields)) return fields
  if (fields.log !== null && logLevelOf(fields.log.value) === null) return badLogLevel(fields.log)
  const { iface, ...others } = fields
  const other = Object.values(others).find((option) => option !== null)
  if (other !== undefined && other !== null)
    return refused(
      'nftables/group-options',
      other.span,
      'only interface parameter is permitted for group rules',
      'a GROUP line can have no option but `-i`',
      'put the condition into the rules of the group',
    )
  const name = { value: text.slice(group.start, group.end), span: spanOf(file, group) }
  const body = { kind: 'group', group: name, iface } as const
  return { rule: { span: spanOf(file, line), enabled, body }, fields }
}

function parseMatchRule(
  file: SourceFile,
  line: Token,
  { start, end }: Token,
  enabled: boolean,
  terms: Terms,
): ReadRule | Refused {
  const head = parseHead(file, start, end)
  if (isRefused(head)) return head
  const fields = parseRuleOptions(file, head.end, end)
  if (isRefused(fields)) return fields
  const { iface, log, dport, icmpType } = fields
  const level = log === null ? null : logLevelOf(log.value)
  if (log !== null && level === null) return badLogLevel(log)
  if (dport !== null && icmpType !== null)
    return refused(
      'nftables/rule-icmp-type',
      icmpType.span,
      'dport and icmp-type are mutually exclusive',
      '`-dport` and `-icmp-type` stand in one rule',
      'an ICMP rule has `-icmp-type` only',
      [{ span: dport.span, message: 'the port' }],
    )
  const source = parseAddressField(fields.source, terms)
  if (source !== null && isRefused(source)) return source
  const dest = parseAddressField(fields.dest, terms)
  if (dest !== null && isRefused(dest)) return dest
  if (differ(source?.value, dest?.value))
    return refused(
      'nftables/rule-families',
      dest?.span ?? null,
      'src and dst family must be equal',
      'the source is of one address family, the destination of the other',
      'write a rule for each family, with both addresses of that family',
    )
  const protocol = protocolOf(fields, terms)
  if (protocol !== null && isRefused(protocol)) return protocol
  const { direction, verdict, macro } = head
  const leveled = log === null || level === null ? null : { value: level, span: log.span }
  const body = {
    kind: 'match',
    direction,
    verdict,
    macro,
    iface,
    log: leveled,
    source,
    dest,
    protocol,
  } as const
  return { rule: { span: spanOf(file, line), enabled, body }, fields }
}

function badLogLevel(log: Located<string>): Refused {
  const lower = log.value.toLowerCase()
  return refused(
    'nftables/log-level',
    log.span,
    `invalid log level ${debugText(log.value)}`,
    `\`${brief(log.value)}\` is no log level`,
    isLogLevel(lower)
      ? `write \`${lower}\` in lower case`
      : 'write nolog, emerg, alert, crit, err, warning, notice, info or debug',
  )
}

function parseAddressField(
  field: Located<string> | null,
  terms: Terms,
): Located<AddressOperand> | Refused | null {
  if (field === null) return null
  const operand = operandOf(terms, field.value)
  if (operand !== null) return { value: operand, span: field.span }
  return refused(
    'nftables/rule-address',
    field.span,
    `invalid IP specification: ${field.value}`,
    `\`${brief(field.value)}\` is neither a list of addresses of one family nor an IPSet or alias`,
    'write addresses such as `10.0.0.0/8,10.1.2.3`, `+dc/set`, `dc/alias`; networks need all four octets',
  )
}

function differ(source: AddressOperand | undefined, dest: AddressOperand | undefined): boolean {
  return source?.kind === 'list' && dest?.kind === 'list' && source.version !== dest.version
}

function protocolOf(
  { proto, sport, dport, icmpType }: RuleFields,
  terms: Terms,
): Located<ProtocolMatch> | Refused | null {
  if (proto === null) return null
  const fields = {
    proto: proto.value,
    sport: sport?.value ?? null,
    dport: dport?.value ?? null,
    icmpType: icmpType?.value ?? null,
  }
  const protocol = parseProtocol(fields, terms.names)
  if ('kind' in protocol) return { value: protocol, span: proto.span }
  return badProtocolField(protocol, { sport, dport, icmpType }[protocol.field] ?? proto)
}

function badProtocolField({ field, error }: ProtocolError, at: Located<string>): Refused {
  const isType = field === 'icmpType'
  return refused(
    isType ? 'nftables/rule-icmp-type' : 'nftables/rule-port',
    at.span,
    error,
    isType
      ? `\`${brief(at.value)}\` is no ICMP type proxmox-firewall knows`
      : `\`${brief(at.value)}\` is no list of ports`,
    isType
      ? typeHelp(at.value)
      : 'write ports as `80`, `80:90`, a name of etc/services, or a comma list of those',
  )
}

function typeHelp(text: string): string {
  if (text === 'reject-route')
    return 'the name is misspelt in proxmox-firewall; there is no other way to write this type'
  return text.includes('/')
    ? 'a type with a code can only be written by its name, such as `host-unreachable`'
    : 'write a number, `any`, or a name such as `echo-request`'
}
