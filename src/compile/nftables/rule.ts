import { nicIndex } from '../../config/dialect/nftables/guest-conf.ts'
import { macroProtocols } from '../../config/dialect/nftables/macro.ts'
import type { ConfigVerdict, NftRule } from '../../config/dialect/nftables/model.ts'
import { MACROS } from '../../config/macros.ts'
import { didYouMean } from '../../config/nearest.ts'
import type { Means, Origin, Via } from '../../netfilter/origin.ts'
import { addRule } from './commands.ts'
import type { Place } from './compilation.ts'
import { ACCEPT, DROP, equal, jump, meta, type Statement } from './expression.ts'
import { deviceOf } from './guest-names.ts'
import { logStatements } from './log.ts'
import {
  type Part,
  type Resolved,
  resolveOperand,
  withAddress,
  withProtocol,
  withSet,
} from './part.ts'
import { protocolPart } from './protocol.ts'
import { reportMacro, reportSkipped, reportWidened } from './report-rule.ts'

type MatchBody = Extract<NftRule['body'], { readonly kind: 'match' }>
type GroupBody = Extract<NftRule['body'], { readonly kind: 'group' }>

/**
 * Compiles one rule line for one chain (rule.rs `NftRule::from_config_rule`). A rule that names something
 * unknown is left out there, without consequences for others. `via` is what the line stands in.
 */
export function compileRule(rule: NftRule, place: Place, via: readonly Via[] = NO_VIA): void {
  if (!rule.enabled) return
  const { body } = rule
  if (body.kind === 'group') compileGroupRule(rule, body, place, via)
  else if (body.direction === place.direction) compileMatchRule(rule, body, place, via)
}

const NO_VIA: readonly Via[] = []

/** Compiles rules in the order of the file. */
export function compileRules(
  rules: readonly NftRule[],
  place: Place,
  via: readonly Via[] = NO_VIA,
): void {
  for (const rule of rules) compileRule(rule, place, via)
}

/** The statement for a verdict in a chain (`generate_verdict`): packets to guests cannot be rejected. */
export function verdictStatement(verdict: ConfigVerdict, { chain, direction }: Place): Statement {
  if (verdict === 'ACCEPT') return ACCEPT
  if (verdict === 'DROP' || (chain.family === 'bridge' && direction === 'in')) return DROP
  return jump('do-reject')
}

/** What {@link verdictStatement} comes to: a REJECT that only drops is a drop. */
export function meansOf(verdict: ConfigVerdict, { chain, direction }: Place): Means {
  if (verdict === 'ACCEPT') return 'accept'
  return verdict === 'DROP' || (chain.family === 'bridge' && direction === 'in') ? 'drop' : 'reject'
}

/** A jump into the group's chain, whether there is one or not. With `-i` it is left out of forward chains. */
function compileGroupRule(
  rule: NftRule,
  { group, iface }: GroupBody,
  place: Place,
  outer: readonly Via[],
): void {
  const { compilation, chain, direction } = place
  if (iface !== null && direction === 'forward') return
  const target = jump(`group-${group.value}-${direction}`)
  const via = [...outer, { what: 'group', name: group.value, span: group.span } as const]
  const origin: Origin = { kind: 'rule', span: rule.span, via, means: null }
  const match = iface === null ? null : ifaceMatch(iface.value, place)
  if (match !== null && 'error' in match) reportSkipped(place, rule, match.error, iface)
  else {
    const expr = match === null ? [target] : [match.statement, target]
    compilation.commands.push(addRule(chain, expr, origin))
  }
}

function compileMatchRule(
  rule: NftRule,
  body: MatchBody,
  place: Place,
  outer: readonly Via[],
): void {
  const { compilation, guest } = place
  const via: Via[] = [...outer]
  let parts = firstParts(body, place)
  if (body.iface !== null) {
    const match = ifaceMatch(body.iface.value, place)
    if ('error' in match) {
      reportSkipped(place, rule, match.error, body.iface)
      return
    }
    parts = withProtocol(parts, null, [match.statement])
  }
  if (body.protocol !== null) {
    const { family, matches } = protocolPart(body.protocol.value)
    parts = withProtocol(parts, family, matches)
  }
  if (body.macro !== null) {
    const protocols = macroProtocols(body.macro.value)
    if (protocols === null) {
      const { value } = body.macro
      const names = MACROS.map(({ name }) => name)
      const help = didYouMean(value, names, 'correct the name of the macro')
      reportSkipped(place, rule, `cannot find macro ${value}`, body.macro, help)
      return
    }
    via.push({ what: 'macro', name: body.macro.value, span: body.macro.span })
    reportMacro(place, rule, protocols)
    const before = parts
    parts = protocols.flatMap((protocol) => {
      const { family, matches } = protocolPart(protocol)
      return withProtocol(before, family, matches)
    })
  }
  for (const [field, operand] of [
    ['saddr', body.source],
    ['daddr', body.dest],
  ] as const) {
    if (operand === null) continue
    const resolved: Resolved = resolveOperand(compilation, operand.value, guest)
    if (resolved.kind === 'missing') {
      reportSkipped(place, rule, resolved.error, operand)
      return
    }
    if (resolved.via !== null) via.push(resolved.via)
    parts =
      resolved.kind === 'set'
        ? withSet(parts, field, resolved)
        : withAddress(parts, field, resolved, operand)
  }
  emit(parts, rule, body, via, place)
  if (parts.some(({ lost, idle }) => lost.length > 0 && !idle)) reportWidened(place, rule, parts)
}

function emit(
  parts: readonly Part[],
  rule: NftRule,
  body: MatchBody,
  via: readonly Via[],
  place: Place,
): void {
  const { compilation, chain } = place
  const origin: Origin = { kind: 'rule', span: rule.span, via, means: meansOf(body.verdict, place) }
  const logOrigin: Origin = { ...origin, means: null }
  for (const { matches, terminal, decides } of parts)
    compilation.commands.push(
      addRule(chain, [...matches, ...terminal], decides ? origin : logOrigin),
    )
}

/** The log rule, if there is to be one, and the rule with the verdict. */
function firstParts(body: MatchBody, place: Place): readonly Part[] {
  const { compilation, chain, guest } = place
  const verdict: Part = {
    family: null,
    matches: [],
    terminal: [verdictStatement(body.verdict, place)],
    decides: true,
    lost: [],
    idle: false,
  }
  if (body.log === null) return [verdict]
  const vmid = guest?.vmid ?? 0
  const { logLimit } = compilation
  const terminal = logStatements(logLimit, body.log.value, vmid, chain.name, body.verdict)
  return terminal === null ? [verdict] : [{ ...verdict, terminal, decides: false }, verdict]
}

/** Seen from the host the guest's device is the other way round (rule.rs `handle_iface`). */
function ifaceMatch(
  name: string,
  { compilation, direction, guest }: Place,
): { readonly statement: Statement } | { readonly error: string } {
  if (direction === 'forward') return { error: 'cannot define interfaces for forward direction' }
  if (guest === null) {
    const key = direction === 'in' ? 'iifname' : 'oifname'
    return { statement: equal(meta(key), compilation.altnames.get(name) ?? name) }
  }
  const index = nicIndex(name)
  if (index === null)
    return {
      error: `cannot resolve interface '${name}' for VM #${guest.vmid}: No index found in net key string: ${name}`,
    }
  const key = direction === 'in' ? 'oifname' : 'iifname'
  return { statement: equal(meta(key), deviceOf(guest, index)) }
}
