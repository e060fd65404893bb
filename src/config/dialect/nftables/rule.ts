import type { Located, SourceFile } from '../../../source/source-file.ts'
import { spanOf, type Token } from '../../fw-line.ts'
import { findMacro } from '../../macros.ts'
import { parseOperand } from './address.ts'
import { isLogLevel, logLevelOf } from './log-level.ts'
import type { AddressOperand, ConfigVerdict, NftRule, ProtocolMatch } from './model.ts'
import type { NamedPorts } from './ports.ts'
import { type ProtocolError, parseProtocol } from './protocol.ts'
import { isRefused, type Refused, refused } from './refused.ts'
import { parseRuleOptions, type RuleFields } from './rule-options.ts'
import { characters, debugText, nameEnd, trimEnd, trimStart } from './text.ts'

/** A rule with its options as written, of which the rule keeps only what counts. */
export type ReadRule = { readonly rule: NftRule; readonly fields: RuleFields }

type Head = {
  readonly direction: 'in' | 'out' | 'forward'
  readonly verdict: ConfigVerdict
  readonly macro: Located<string> | null
  /** Where the options start. */
  readonly end: number
}

/** Reads a rule line (types/rule.rs `Rule::from_str`). `line` is trimmed. */
export function parseRule(file: SourceFile, line: Token, names: NamedPorts): ReadRule | Refused {
  const { text } = file
  const returned = text.indexOf('\r', line.start)
  if (returned !== -1 && returned < line.end)
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
    : parseMatchRule(file, line, { start, end }, enabled, names)
}

/** A `#` starts a comment only if something follows it. */
function ruleEnd(text: string, line: Token): number {
  const hash = text.indexOf('#', line.start)
  return hash === -1 || hash >= line.end - 1 ? line.end : trimEnd(text, line.start, hash)
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
  names: NamedPorts,
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
  const source = parseAddressField(fields.source)
  if (source !== null && isRefused(source)) return source
  const dest = parseAddressField(fields.dest)
  if (dest !== null && isRefused(dest)) return dest
  if (differ(source?.value, dest?.value))
    return refused(
      'nftables/rule-families',
      dest?.span ?? null,
      'src and dst family must be equal',
      'the source is of one address family, the destination of the other',
      'write a rule for each family, with both addresses of that family',
    )
  const protocol = protocolOf(fields, names)
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

const DIRECTIONS: ReadonlyMap<string, Head['direction']> = new Map([
  ['IN', 'in'],
  ['OUT', 'out'],
  ['FORWARD', 'forward'],
])
const VERDICTS: ReadonlySet<string> = new Set<ConfigVerdict>(['ACCEPT', 'DROP', 'REJECT'])

/** `DIRECTION VERDICT` or `DIRECTION Macro(VERDICT)`, without blanks in the latter. */
function parseHead(file: SourceFile, start: number, end: number): Head | Refused {
  const { text } = file
  const word = { start, end: nameEnd(text, start, end) }
  if (word.start === word.end)
    return refused(
      'nftables/rule-syntax',
      spanOf(file, { start, end }),
      'expected a direction',
      'the rule does not start with a direction',
      text.charCodeAt(start) === 0x7c
        ? 'one `|` is enough to disable a rule'
        : 'a rule starts with IN, OUT, FORWARD or GROUP',
    )
  const direction = DIRECTIONS.get(text.slice(word.start, word.end).toUpperCase())
  if (direction === undefined) return badDirection(file, word)
  const first = { start: trimStart(text, word.end, end), end: 0 }
  first.end = nameEnd(text, first.start, end)
  if (first.start === first.end)
    return refused(
      'nftables/rule-verdict',
      spanOf(file, { start, end }),
      'expected a verdict or macro name',
      `no verdict follows \`${text.slice(word.start, word.end)}\``,
      'write ACCEPT, DROP, REJECT or Macro(VERDICT)',
    )
  if (text.charCodeAt(first.end) !== 0x28 || first.end >= end) {
    const verdict = verdictOf(file, first)
    return typeof verdict === 'string'
      ? { direction, verdict, macro: null, end: first.end }
      : verdict
  }
  const second = { start: first.end + 1, end: nameEnd(text, first.end + 1, end) }
  if (second.start === second.end)
    return badCall(file, { start: first.start, end: second.end }, 'expected a verdict')
  if (text.charCodeAt(second.end) !== 0x29 || second.end >= end)
    return badCall(
      file,
      { start: first.start, end: second.end },
      "expected closing ')' after verdict",
    )
  const verdict = verdictOf(file, second)
  if (typeof verdict !== 'string') return verdict
  const macro = { value: text.slice(first.start, first.end), span: spanOf(file, first) }
  return { direction, verdict, macro, end: second.end + 1 }
}

function badDirection(file: SourceFile, word: Token): Refused {
  const text = characters(file, word)
  return refused(
    'nftables/rule-direction',
    spanOf(file, word),
    `invalid direction: ${debugText(text)}, expect 'IN', 'OUT' or 'FORWARD'`,
    `\`${text}\` is no direction`,
    text.toUpperCase() === 'GROUP'
      ? 'write `GROUP` in upper case'
      : 'a rule starts with IN, OUT, FORWARD or GROUP',
  )
}

function verdictOf(file: SourceFile, token: Token): ConfigVerdict | Refused {
  const text = characters(file, token)
  const upper = text.toUpperCase()
  if (isVerdict(upper)) return upper
  const slash = file.text.startsWith('/3(', token.end) && upper === 'HTTP'
  return refused(
    'nftables/rule-verdict',
    spanOf(file, token),
    `invalid verdict ${debugText(text)}, expected one of 'ACCEPT', 'REJECT' or 'DROP'`,
    slash
      ? 'the macro `HTTP/3` exists but cannot be written in a rule'
      : `\`${text}\` is no verdict`,
    slash
      ? 'write the rule without it: `-p udp -dport 443`'
      : findMacro(text) === null
        ? 'write ACCEPT, DROP, REJECT or Macro(VERDICT)'
        : `a macro needs its verdict: \`${findMacro(text)?.name ?? text}(ACCEPT)\``,
  )
}

function isVerdict(text: string): text is ConfigVerdict {
  return VERDICTS.has(text)
}

function badCall(file: SourceFile, token: Token, error: string): Refused {
  return refused(
    'nftables/rule-verdict',
    spanOf(file, token),
    error,
    'the verdict of the macro is not in brackets',
    'write `Macro(VERDICT)` without blanks',
  )
}

function badLogLevel(log: Located<string>): Refused {
  const lower = log.value.toLowerCase()
  return refused(
    'nftables/log-level',
    log.span,
    `invalid log level ${debugText(log.value)}`,
    `\`${log.value}\` is no log level`,
    isLogLevel(lower)
      ? `write \`${lower}\` in lower case`
      : 'write nolog, emerg, alert, crit, err, warning, notice, info or debug',
  )
}

function parseAddressField(
  field: Located<string> | null,
): Located<AddressOperand> | Refused | null {
  if (field === null) return null
  const operand = parseOperand(field.value)
  if (operand !== null) return { value: operand, span: field.span }
  return refused(
    'nftables/rule-address',
    field.span,
    `invalid IP specification: ${field.value}`,
    `\`${field.value}\` is neither a list of addresses of one family nor an IPSet or alias`,
    'write addresses such as `10.0.0.0/8,10.1.2.3`, `+dc/set`, `dc/alias`; networks need all four octets',
  )
}

function differ(source: AddressOperand | undefined, dest: AddressOperand | undefined): boolean {
  return source?.kind === 'list' && dest?.kind === 'list' && source.version !== dest.version
}

function protocolOf(
  { proto, sport, dport, icmpType }: RuleFields,
  names: NamedPorts,
): Located<ProtocolMatch> | Refused | null {
  if (proto === null) return null
  const fields = {
    proto: proto.value,
    sport: sport?.value ?? null,
    dport: dport?.value ?? null,
    icmpType: icmpType?.value ?? null,
  }
  const protocol = parseProtocol(fields, names)
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
      ? `\`${at.value}\` is no ICMP type proxmox-firewall knows`
      : `\`${at.value}\` is no list of ports`,
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
