import type { FwRule } from '../config/dialect/iptables/model.ts'
import { isTrue, upper } from '../config/dialect/iptables/perl.ts'

/** The fields of a rule under the names that the API has for them; absent: not given. Bytes, like the file. */
export type RuleFields = { readonly [field in RuleField]?: string }

/** `$rule_properties`, without `pos` and `digest`, which are no part of a rule. */
export const RULE_FIELDS = [
  'type',
  'action',
  'macro',
  'iface',
  'source',
  'dest',
  'proto',
  'enable',
  'log',
  'sport',
  'dport',
  'comment',
  'icmp-type',
] as const

export type RuleField = (typeof RULE_FIELDS)[number]

/** The fields of a rule that was read (`parse_fw_rule`). */
export function fieldsOf(rule: FwRule): RuleFields {
  const given: { [field in RuleField]?: string } = {
    type: rule.type,
    action: rule.action.value,
    enable: rule.enabled ? '1' : '0',
  }
  const rest = {
    macro: rule.macro,
    iface: rule.iface,
    source: rule.source,
    dest: rule.dest,
    proto: rule.proto,
    log: rule.log,
    sport: rule.sport,
    dport: rule.dport,
    comment: rule.comment,
    'icmp-type': rule.icmpType,
  } as const
  for (const field of RULE_FIELDS) {
    const value = field in rest ? rest[field as keyof typeof rest] : null
    if (value !== null && value !== undefined) given[field] = value.value
  }
  return given
}

/**
 * The line that pve-firewall writes for a rule (`$format_rules`), without newline. `0` is written only where it is there:
 * as a type of ICMP. In a group no interface is written.
 */
export function showRule(rule: RuleFields, isInGroup: boolean): string {
  const { type = '', action = '', macro, comment } = rule
  const said = (value: string | undefined): value is string => value !== undefined && isTrue(value)
  const words = [
    `${rule.enable !== undefined && !isTrue(rule.enable) ? '|' : ''}${upper(type)}`,
    said(macro) ? `${macro}(${action})` : action,
  ]
  if (!isInGroup && said(rule.iface)) words.push(`-i ${rule.iface}`)
  if (type !== 'group') {
    for (const [option, value] of [
      ['-source', rule.source],
      ['-dest', rule.dest],
      ['-p', rule.proto],
      ['-dport', rule.dport],
      ['-sport', rule.sport],
      ['-log', rule.log],
    ] as const)
      if (said(value)) words.push(`${option} ${value}`)
    const icmpType = rule['icmp-type']
    if (icmpType !== undefined && icmpType !== '') words.push(`-icmp-type ${icmpType}`)
  }
  if (said(comment) && !/^[\t\n\v\f\r ]*$/.test(comment)) words.push(`# ${comment}`)
  return words.join(' ')
}
