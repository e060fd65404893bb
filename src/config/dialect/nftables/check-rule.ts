import { type Diagnostic, diagnostic } from '../../../source/diagnostic.ts'
import type { Located } from '../../../source/source-file.ts'
import { decidedBefore } from './decided-before.ts'
import type { NftRule } from './model.ts'
import type { FileScope } from './options.ts'
import type { ReadRule } from './rule.ts'
import type { RuleFields } from './rule-options.ts'

/** Where a rule stands. */
export type RulePlace = FileScope | 'group'

/**
 * Names what a rule does not do although its line says so, as far as the line alone tells (what depends on
 * aliases, sets and macros is found when the rule is compiled). Disabled rules do nothing anyway.
 */
export function checkRule({ rule, fields }: ReadRule, place: RulePlace, found: Diagnostic[]): void {
  if (!rule.enabled) return
  const { body } = rule
  if (body.kind === 'group') {
    checkGroupRule(rule, place, found)
    return
  }
  checkPorts(rule, fields, found)
  checkIcmpType(fields, found)
  if (place === 'group' && body.iface !== null) found.push(ifaceInGroup(body.iface))
  if (body.verdict === 'REJECT' && body.direction === 'in' && place === 'guest')
    found.push(
      diagnostic('note', 'nftables/reject-in-drops', rule.span, REJECT_IN, {
        help: 'expect time-outs instead of refused connections at the sender',
      }),
    )
  if ((place === 'cluster' || place === 'host') && body.direction === 'in') {
    const decided = decidedBefore(body)
    if (decided !== null)
      found.push(
        diagnostic('warning', 'nftables/decided-before-rules', rule.span, decided.message, {
          help: decided.help,
        }),
      )
  }
}

const REJECT_IN =
  'REJECT of incoming packets silently drops them: the kernel cannot reject where they enter the guest'

function checkPorts(rule: NftRule, fields: RuleFields, found: Diagnostic[]): void {
  const { body } = rule
  if (body.kind === 'group' || body.protocol?.value.kind === 'ports') return
  for (const [name, field] of [
    ['sport', fields.sport],
    ['dport', fields.dport],
  ] as const) {
    if (field === null) continue
    const { message, help } = ignoredPort(name, field, fields, body.macro)
    found.push(diagnostic('warning', 'nftables/port-ignored', field.span, message, { help }))
  }
}

function ignoredPort(
  name: 'sport' | 'dport',
  field: Located<string>,
  { proto }: RuleFields,
  macro: Located<string> | null,
): { readonly message: string; readonly help: string } {
  const option = `\`-${name} ${field.value}\``
  if (proto === null && macro !== null)
    return {
      message: `${option} is ignored: the macro \`${macro.value}\` has ports of its own`,
      help: 'remove the option, or write the rule without macro',
    }
  if (proto === null)
    return {
      message: `${option} is ignored without \`-p\`: the rule matches every port and protocol`,
      help: 'add `-p tcp` or `-p udp`',
    }
  const lower = proto.value.toLowerCase()
  if (/^(?:ipv6-icmp|icmp|icmpv6|1|58)$/.test(lower))
    return {
      message: `${option} is ignored with \`-p ${proto.value}\`: the rule matches every ICMP type`,
      help: 'write the type as `-icmp-type`',
    }
  return {
    message: `${option} is ignored with \`-p ${proto.value}\`: the rule matches every port`,
    help: /^(?:tcp|udp|sctp|dccp|udplite)$/.test(lower)
      ? `write \`-p ${lower}\` in lower case`
      : 'ports belong to tcp, udp, sctp, dccp and udplite only',
  }
}

function checkIcmpType({ icmpType, proto }: RuleFields, found: Diagnostic[]): void {
  if (icmpType === null) return
  if (proto !== null && /^(?:icmp|1|icmpv6|ipv6-icmp|58)$/.test(proto.value)) return
  const written = proto === null ? 'without `-p icmp`' : `with \`-p ${proto.value}\``
  found.push(
    diagnostic(
      'warning',
      'nftables/icmp-type-ignored',
      icmpType.span,
      `\`-icmp-type ${icmpType.value}\` is ignored ${written}: the rule does not look at ICMP types`,
      { help: 'add `-p icmp` or `-p icmpv6`, in lower case' },
    ),
  )
}

function checkGroupRule(rule: NftRule, place: RulePlace, found: Diagnostic[]): void {
  const { iface } = rule.body
  if (place === 'group') {
    found.push(
      diagnostic(
        'note',
        'nftables/nested-group',
        rule.span,
        'a GROUP line inside a security group works with nftables only',
        { help: 'the group it names must sort before this one, or nft refuses the whole update' },
      ),
    )
    if (iface !== null) found.push(ifaceInGroup(iface))
  }
  if (place === 'vnet' && iface !== null)
    found.push(
      diagnostic(
        'warning',
        'nftables/group-iface-forward',
        rule.span,
        'the line does nothing: a GROUP with `-i` is left out of forward chains without a word',
        { help: 'remove `-i`' },
      ),
    )
}

function ifaceInGroup(iface: Located<string>): Diagnostic {
  const nic = /^net[0-9]+$/.test(iface.value)
  return diagnostic(
    'warning',
    'nftables/iface-in-group',
    iface.span,
    nic
      ? `\`-i ${iface.value}\` never matches in a group: it is taken for an interface of the host`
      : `\`-i ${iface.value}\` is taken for a host interface wherever the group is used, and never matches for guests`,
    { help: 'put `-i` on the GROUP line of the guest instead' },
  )
}
