import type { NftRule, ProtocolMatch } from '../../config/dialect/nftables/model.ts'
import { diagnostic } from '../../source/diagnostic.ts'
import { type Located, quote } from '../../source/source-file.ts'
import { type Place, report } from './compilation.ts'
import type { Part } from './part.ts'
import { debugRule } from './rule-debug.ts'

/** A rule is not generated for a chain (`NftRule::from_config_rule` logs a warning and goes on). */
export function reportSkipped(
  { compilation }: Place,
  rule: NftRule,
  error: string,
  culprit: Located<unknown> | null,
  help: string | null = null,
): void {
  report(
    compilation,
    diagnostic(
      'warning',
      'nftables/rule-skipped',
      culprit?.span ?? rule.span,
      `the rule is left out: ${error}`,
      {
        help: help ?? helpFor(error),
        related: [{ span: rule.span, message: 'the rule' }],
        upstream: [`skipping rule ${debugRule(rule)}: ${error}`],
      },
    ),
  )
}

function helpFor(error: string): string {
  if (error.endsWith(' local_network'))
    return 'define the alias `local_network` in cluster.fw: proxmox-firewall does not make it by itself'
  if (error.endsWith('ipset management') || error.endsWith('ipset dc/management'))
    return 'add `[IPSET management]` to cluster.fw: the built-in set cannot be named otherwise'
  if (error.includes('guest/'))
    return 'names of scope `guest/` exist in rules of that guest only, not in groups or for the host'
  if (error.startsWith('could not find'))
    return 'define it, or correct the name; names of IPSets keep their case'
  if (error.includes('forward')) return 'remove `-i`: forward rules cannot have an interface'
  return 'use net0 to net30'
}

/**
 * Parts of the rule are of one family and an address of the other: what is left of those parts matches more
 * than the line says (rule.rs `handle_match`, last arm).
 */
export function reportWidened({ compilation }: Place, rule: NftRule, parts: readonly Part[]): void {
  const { body, span } = rule
  if (body.kind !== 'match') return
  const wide = parts.filter(({ lost, idle }) => lost.length > 0 && !idle)
  const operand = wide[0]?.lost[0]
  if (operand === undefined) return
  const isSource = operand === body.source
  const family = wide[0]?.family === 4 ? 'IPv4' : 'IPv6'
  const option = `\`${isSource ? '-source' : '-dest'} ${quote(operand.span)}\``
  const what =
    wide.length === parts.length
      ? `the rule is for ${family} only and`
      : `the ${family} part of the rule`
  const effect = body.verdict === 'ACCEPT' ? 'accepts packets' : `does ${body.verdict} to packets`
  report(
    compilation,
    diagnostic(
      'warning',
      'nftables/address-match-lost',
      operand.span,
      `${what} does not look at ${option}: it ${effect} ${isSource ? 'from' : 'to'} any address`,
      {
        help:
          body.macro === null
            ? 'write a rule for each family, with addresses of that family'
            : `write the parts of \`${body.macro.value}\` as separate rules with \`-p\``,
        related: [{ span, message: 'the rule' }],
      },
    ),
  )
}

/** A macro beside `-p`: both count, so what contradicts never matches, and what is of the other family is not asked. */
export function reportMacro(
  { compilation }: Place,
  { body, span }: NftRule,
  protocols: readonly ProtocolMatch[],
): void {
  if (body.kind !== 'match' || body.protocol === null || body.macro === null) return
  const own = body.protocol.value
  const lost = protocols.find(
    (protocol) => isTyped(protocol) && isTyped(own) && protocol.kind !== own.kind,
  )
  if (lost !== undefined) {
    report(
      compilation,
      diagnostic(
        'warning',
        'nftables/macro-match-lost',
        body.macro.span,
        `with \`-p ${own.kind}\` the ${lost.kind} part of \`${body.macro.value}\` loses its type: the rule matches all of ${own.kind}`,
        { help: 'remove `-p`', related: [{ span, message: 'the rule' }] },
      ),
    )
    return
  }
  const contradicting = protocols.filter((protocol) => nameOf(protocol) !== nameOf(own))
  if (contradicting.length === 0) return
  const extent =
    contradicting.length === protocols.length ? 'never matches' : 'matches in part only'
  report(
    compilation,
    diagnostic(
      'warning',
      'nftables/macro-never-matches',
      body.macro.span,
      `the rule ${extent}: \`${body.macro.value}\` has protocols of its own beside \`-p ${nameOf(own)}\``,
      { help: 'remove `-p`', related: [{ span, message: 'the rule' }] },
    ),
  )
}

function isTyped({ kind }: ProtocolMatch): boolean {
  return kind === 'icmp' || kind === 'icmpv6'
}

function nameOf(protocol: ProtocolMatch): string {
  if (protocol.kind === 'ports') return protocol.name
  return 'value' in protocol ? String(protocol.value) : protocol.kind
}
